/**
 * Completion scripts of the shells. Each asks `floatip complete` at every press of the tabulator.
 */

/** A shell that there is a script for. */
export type Shell = "bash" | "zsh" | "fish";

/** Every shell, in the order in which they are named. */
export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/*
 * `floatip complete -- WORD... PARTIAL` answers a line for each proposal, with a tabulator and what
 * it is for behind it. Where it knows none, the shell offers files.
 */

const BASH = `# bash completion for floatip
_floatip() {
    # Bash splits words at = and :, floatip does not.
    local line=\${COMP_LINE:0:COMP_POINT} words current
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    current=\${words[-1]}
    local IFS=$'\\n'
    COMPREPLY=($(floatip complete -- "\${words[@]:1}" 2>/dev/null | cut -f 1))
    # What stands before the last = or : is there already.
    if [[ $current == *[=:]* ]]; then
        local before=\${current%"\${current##*[=:]}"}
        COMPREPLY=("\${COMPREPLY[@]#"$before"}")
    fi
}
complete -o default -F _floatip floatip
`;

const ZSH = `#compdef floatip
_floatip() {
    local line
    local -a described
    for line in "\${(@f)$(floatip complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    done
    if (( \${#described} )); then _describe floatip described; else _files; fi
}
# Found in $fpath this is the function itself, otherwise it was read by eval.
if [[ $funcstack[1] == _floatip ]]; then _floatip "$@"; else compdef _floatip floatip; fi
`;

const FISH = `# fish completion for floatip
function __floatip_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l partial (commandline --current-token --cut-at-cursor)
    set -l proposals (floatip complete -- $words[2..] "$partial" 2>/dev/null)
    if count $proposals >/dev/null
        printf '%s\\n' $proposals
    else
        __fish_complete_path "$partial"
    end
end
complete --command floatip --no-files --arguments '(__floatip_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** What the shell reads: from a file of its own for completions, or by eval. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
