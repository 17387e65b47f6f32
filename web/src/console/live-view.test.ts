import { expect, test } from 'vitest';
import { known, milliseconds, perSecond } from './live-view.tsx';

test('a figure that nobody knows is not told as zero', () => {
  expect([known(null, milliseconds), known(0, milliseconds), known(12_345, milliseconds)]).toEqual(['not known', '0 ms', '12 s']);
});

test('a rate below ten has a decimal, and none is told before there is one', () => {
  expect([perSecond(undefined), perSecond(0), perSecond(3.14), perSecond(1_234.5)]).toEqual(['–', '0 /s', '3.1 /s', '1,235 /s']);
});
