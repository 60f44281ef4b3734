/** Which floatip is this? */
export const VERSION = "0.1.0";
