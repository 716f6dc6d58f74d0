import ts from 'typescript';

/**
 * The doc comments of a file of settings classes: by class, by property; the class's own under the
 * empty name.
 *
 * @param {string} source text of the TypeScript file
 */
export function settingComments(source) {
  const file = ts.createSourceFile('settings.ts', source, ts.ScriptTarget.Latest, true);
  return Object.fromEntries(
    file.statements
      .filter(ts.isClassDeclaration)
      .map((declaration) => [
        declaration.name.text,
        Object.fromEntries(
          [declaration, ...declaration.members.filter(ts.isPropertyDeclaration)].map((node) => [
            node === declaration ? '' : node.name.text,
            commentOf(node),
          ]),
        ),
      ]),
  );
}

function commentOf(node) {
  const comments = node.jsDoc ?? [];
  const comment = comments.at(-1);
  const tag = (name) =>
    comment?.tags?.filter((one) => one.tagName.text === name).map((one) => plain(one.comment))[0];
  const example = tag('example');
  return {
    description: plain(comment?.comment),
    default: tag('default'),
    example: example === undefined ? undefined : JSON.parse(example),
  };
}

function plain(comment) {
  return (ts.getTextOfJSDocComment(comment) ?? '').replace(/\s+/g, ' ').trim();
}
