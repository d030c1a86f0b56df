import { Binder } from '../../../src/local/template/binder.js';
import { compileTemplate } from '../../../src/local/template/template.js';

type Given = Parameters<ReturnType<typeof compileTemplate>['render']>[0];

/**
 * What a template comes to. A bound value is shown as its type and what is bound, as in `‹Int32 5›`, so that a value
 * that became part of the text would be seen.
 */
export function rendered(template: string, given: Given = {}): string {
  const binder = new Binder();
  const sql = compileTemplate(`%${template}`, 'p.pipe').render(given, binder).slice(1);
  return sql.replaceAll(/\{(p\d+):([^}]+)\}/g, (_, name, type) => {
    const bound = binder.params[name];
    return `‹${type} ${typeof bound === 'string' ? bound : JSON.stringify(bound)}›`;
  });
}
