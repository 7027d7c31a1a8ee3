/** "Waiting" of "waiting". */
export const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** "too slow" of "Too slow". */
export const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
