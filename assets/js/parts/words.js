// Sentences come from the page, in its language: <body data-word-cancel="…">.
export const word = (name) => document.body.dataset[`word${name[0].toUpperCase()}${name.slice(1)}`] ?? name;
