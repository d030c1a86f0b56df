import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { pipeParameters } from '../../../src/local/pipes/pipe-template.js';
import { loadProject } from '../../../src/local/project.js';

const { datasources, pipes } = await loadProject(
  ['datasources', 'endpoints'].map((folder) => fileURLToPath(new URL(`../../../${folder}`, import.meta.url))),
);
const NAMES = [
  'call_logs',
  'llm_call',
  'llm_calls',
  'llm_chat',
  'llm_chats',
  'llm_dimensions',
  'llm_errors',
  'llm_latency',
  'llm_quarantine',
  'llm_quarantine_reasons',
  'llm_usage',
];
const columns = new Set(datasources.get('litellm')?.datafile.columns.map(({ name }) => name));

describe('the endpoints that are shipped', () => {
  it('are these', () => {
    expect([...pipes.values()].map(({ name, kind }) => `${name} ${kind}`)).toEqual(
      NAMES.map((name) => `${name} endpoint`),
    );
  });

  it.each(NAMES)('%s and its parameters are described', (name) => {
    const pipe = pipes.get(name);
    expect(pipe?.description).toMatch(/\w/);
    const undescribed = (pipe ? pipeParameters(pipe) : []).filter(
      ({ description = '' }) => description === '',
    );
    expect(undescribed).toEqual([]);
  });

  // In a template both are plain words: {{ String(model) }} beside the column `model` is easily misread.
  it.each(NAMES.filter((name) => name.startsWith('llm_')))(
    '%s has no parameter called like a column',
    (name) => {
      const pipe = pipes.get(name);
      const parameters = (pipe ? pipeParameters(pipe) : []).map((parameter) => parameter.name);
      expect(parameters.length).toBeGreaterThan(0);
      expect(parameters.filter((parameter) => columns.has(parameter))).toEqual([]);
    },
  );
});
