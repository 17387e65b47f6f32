/** Takes the limits of the API's fields out of its description, so that a form refuses what the server would. */

interface Schema {
  properties?: Record<string, Record<string, unknown>>;
}

/** What a description may say of a field, and a form can check. */
const KEYWORDS = ['minimum', 'maximum', 'minLength', 'maxLength', 'pattern'];

/** Of these schemas, each field that has a limit. */
export function limitsOf(schemas: Record<string, Schema>, names: string[]): string {
  const limits = Object.fromEntries(names.map((name) => [name, fieldsOf(schemas[name], name)]));
  return `// Generated from docs/openapi.json by \`npm run generate\`.\nexport const LIMITS = ${JSON.stringify(limits, null, 2)} as const;\n`;
}

function fieldsOf(schema: Schema | undefined, name: string) {
  if (!schema?.properties) throw new Error(`the description has no schema ${name} with fields`);
  const fields = Object.entries(schema.properties).map(([field, says]) => {
    return [field, Object.fromEntries(Object.entries(says).filter(([keyword]) => KEYWORDS.includes(keyword)))] as const;
  });
  return Object.fromEntries(fields.filter(([, limits]) => Object.keys(limits).length > 0));
}
