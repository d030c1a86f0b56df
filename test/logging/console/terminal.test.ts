import { expect, it } from 'vitest';
import type { TbLog } from '../../../schemas/tb-logs.js';
import { runNode } from '../../support/program.js';

/**
 * Writes in every way that a console has, under as many captures as CAPTURES says, and at last what they captured. With
 * none it is what the program writes by itself.
 */
const PROGRAM = `
import { inspect } from 'node:util';
import { captureConsole } from 'tinybird-llm/console';

const { log: earlier } = console;
const before = { ...console };
// made here, so that its stack is the same whoever looks
const noMember = new RangeError('no member');
const captured = [];
const captures = [];
for (let count = 0; count < Number(process.env.CAPTURES); count += 1) {
  const rows = [];
  captured.push(rows);
  captures.push(captureConsole({ datasource: rows }));
}
const { log, table, trace } = console;

console.log();
console.log('%s is %d%%, %i, %f, %j, %o, %O, %c.', 'it', 42.5, 42.5, 42.5, { a: 1 }, [1], { b: { c: {} } }, 'color: red', 'rest', 1);
console.info(undefined, null, Symbol('s'), 10n, true, [new Map([[1, new Set([2])]])]);
console.debug('%% one text 100%');
console.warn({ deep: { deeper: { deepest: { no: 1 } } } });
console.error('failed:', { code: 'E1' });
console.log('several\\nlines', 'é😀');

console.table([{ a: 1, b: 'x' }, { a: 2, c: true }]);
console.table([{ a: 1, b: 2 }], ['b']);
console.table('no table');

console.group('outer %s', 'group');
console.log('inside\\ntwice');
console.groupCollapsed('inner');
console.table([[1]]);
console.dir({ in: 'inner' });
console.trace('in groups');
console.groupEnd();
console.group();
console.warn('deeper');
console.groupEnd();
console.groupEnd();

console.count();
console.count('mine');
console.count('mine');
console.countReset('mine');
console.count('mine');
console.time();
console.time('mine');
console.timeLog('mine', 'so far', { n: 1 });
console.timeEnd('mine');
console.timeEnd();

console.assert(true, 'never');
console.assert(false);
console.assert(0, 'not %s', 'so');
console.assert(null, { an: 'object' });
console.dir({ a: { b: { c: { d: 1 } } }, [inspect.custom]: () => 'custom' }, { depth: 0, colors: true });
console.dir('text');
console.dirxml({ a: 1 }, 'b');

function deep(left) {
  if (left === 0) {
    console.trace();
    console.trace('deep %s', 'down', { n: 1 });
    return trace('looks like a frame:\\n    at nobody (nowhere.js:1:1)');
  }
  return deep(left - 1);
}
deep(20);
console.trace('at the top');
[1].forEach(function inForEach() { trace(new RangeError('traced')); });

log('taken', 'apart');
log.call(null, 'with no this');
table([[2]]);
earlier('taken before');
console.log({ [inspect.custom]() { console.log('logged inside'); console.table([[3]]); return 'logging'; } });
console.table([{ a: { [inspect.custom]() { console.error('inside a table'); return 'logging'; } } }]);

for (const odd of [
  () => console.log({ [inspect.custom]() { throw new RangeError('no look'); } }),
  () => console.error('%j', { big: 10n }),
  () => console.table([{ get a() { throw new RangeError('no cell'); } }]),
  () => console.dir({ get a() { throw noMember; } }, { getters: true }),
  () => console.trace({ [inspect.custom]() { throw new RangeError('no trace'); } }),
  () => console.assert(false, '%s', { [Symbol.toPrimitive]() { throw new RangeError('no text'); } }),
]) {
  let thrown = 'nothing';
  try { odd(); } catch (error) { thrown = String(error); }
  process.stdout.write('threw ' + thrown + '\\n');
}
const cycle = { name: 'cycle' };
cycle.self = cycle;
console.log('%j', cycle, cycle);
console.log('still here');

for (const capture of captures.reverse()) capture.restore();
process.stdout.write(Object.keys(before).filter((name) => console[name] !== before[name]).join() + ' are not as before\\n');
console.log('after');
if (captures.length > 0) process.stdout.write('\\u0000' + JSON.stringify(captured));
`;

/** In the order in which they were written. What threw has written nothing. */
const ROWS: readonly (readonly [levelname: string, message: string | RegExp])[] = [
  ['INFO', ''],
  ['INFO', 'it is 42.5%, 42, 42.5, {"a":1}, [ 1, [length]: 1 ], { b: { c: {} } }, . rest 1'],
  ['INFO', 'undefined null Symbol(s) 10n true [ Map(1) { 1 => Set(1) { 2 } } ]'],
  ['DEBUG', '%% one text 100%'],
  ['WARNING', '{ deep: { deeper: { deepest: [Object] } } }'],
  ['ERROR', "failed: { code: 'E1' }"],
  ['INFO', 'several\nlines é😀'],
  [
    'INFO',
    /^┌.*┐\n│ \(index\) │ a │ b {3}│ c {4}│\n├.*┤\n│ 0 {7}│ 1 │ 'x' │ {6}│\n│ 1 {7}│ 2 │ {5}│ true │\n└.*┘$/,
  ],
  ['INFO', /^┌.*┐\n│ \(index\) │ b │\n├.*┤\n│ 0 {7}│ 2 │\n└.*┘$/],
  ['INFO', 'no table'],
  ['INFO', 'outer group'],
  ['INFO', 'inside\ntwice'],
  ['INFO', 'inner'],
  ['INFO', /^┌.*┐\n│ \(index\) │ 0 │\n├.*┤\n│ 0 {7}│ 1 │\n└.*┘$/],
  ['INFO', "{ in: 'inner' }"],
  ['DEBUG', 'in groups'],
  ['WARNING', 'deeper'],
  ['INFO', 'default: 1'],
  ['INFO', 'mine: 1'],
  ['INFO', 'mine: 2'],
  ['INFO', 'mine: 1'],
  ['INFO', 'mine: some time so far { n: 1 }'],
  ['INFO', 'mine: some time'],
  ['INFO', 'default: some time'],
  ['WARNING', 'Assertion failed'],
  ['WARNING', 'Assertion failed: not so'],
  // Node 24 shows the object
  ['WARNING', /^Assertion failed(: \[object Object\]| \{ an: 'object' \})$/],
  ['INFO', /^\{\n {2}a: \[Object\],\n {2}\[?Symbol\(nodejs.util.inspect.custom\)\]?: \[Function: .*\]\n\}$/],
  ['INFO', "'text'"],
  ['INFO', '{ a: 1 } b'],
  ['DEBUG', ''],
  ['DEBUG', 'deep down { n: 1 }'],
  ['DEBUG', 'looks like a frame:\n    at nobody (nowhere.js:1:1)'],
  ['DEBUG', 'at the top'],
  ['DEBUG', /^RangeError: traced\n {4}at inForEach /],
  ['INFO', 'taken apart'],
  ['INFO', 'with no this'],
  ['INFO', /^┌.*┐\n│ \(index\) │ 0 │\n├.*┤\n│ 0 {7}│ 2 │\n└.*┘$/],
  ['INFO', 'logging'],
  ['INFO', /^┌.*┐\n│ \(index\) │ a {7}│\n├.*┤\n│ 0 {7}│ logging │\n└.*┘$/],
  ['INFO', /^\{\n? *a: \[Getter: <Inspection threw \(/],
  ['INFO', "[Circular] <ref *1> { name: 'cycle', self: [Circular *1] }"],
  ['INFO', 'still here'],
];

it('captured, a program writes byte for byte what it wrote, and each call of the console is one row', async () => {
  const run = async (captures: number) => {
    const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', PROGRAM], {
      CAPTURES: String(captures),
    });
    const [written = '', captured = '[]'] = stdout.split('\u0000');
    return {
      terminal: { code, stdout: timeless(written), stderr },
      captured: JSON.parse(timeless(captured)) as TbLog[][],
    };
  };
  const [bare, once, twice] = await Promise.all([run(0), run(1), run(2)]);
  expect(bare.terminal).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('are not as before\nafter\n'),
  });
  expect(bare.terminal.stdout).toContain('\n are not as before');
  expect(bare.terminal.stdout).toContain('threw TypeError: Do not know how to serialize a BigInt\n');
  expect(once.terminal).toEqual(bare.terminal);
  expect(twice.terminal).toEqual(bare.terminal);

  expect(bare.captured).toEqual([]);
  expect([once.captured.length, twice.captured.length]).toEqual([1, 2]);
  for (const rows of [...once.captured, ...twice.captured]) {
    expect(rows.map(({ levelname, message }) => [levelname, message])).toEqual(
      ROWS.map(([levelname, message]) => [
        levelname,
        typeof message === 'string' ? message : expect.stringMatching(message),
      ]),
    );
    // where it was, as it stands on the terminal
    const stacks = rows.flatMap(({ stack_info: stack }) => stack ?? []);
    expect(stacks.length).toBe(6);
    const plain = bare.terminal.stderr.replace(/^ {4}(?=Trace: in groups| {4}at )/gm, '');
    for (const stack of stacks) expect(plain).toContain(stack.replace(/^ {4}(?= {4}at )/gm, ''));
    expect(stacks.join('\n')).not.toContain('capture.js');
    const thrown = rows.filter((row) => row.exc_info !== undefined);
    expect(thrown.map((row) => row.exc_info?.value)).toEqual(['traced']);
  }
});

/** How long something took is another each time. */
function timeless(text: string): string {
  return text.replaceAll(/: [\d.]+m?s\b/g, ': some time');
}
