package io.github.t6j.model;

import io.github.t6j.attention.Rope;

/**
 * Rule of longrope: once a text outgrows the original context, all its positions rotate with different frequencies. A
 * sequence must therefore know its length before its first pass, and it recomputes its keys when it outgrows them.
 */
final class LongRope implements LengthRule {
    private final Sequence sequence;
    private final Rope rope; // of short texts
    private int expected; // least number of tokens before anything reads the logits

    LongRope(Sequence sequence, Rope rope) {
        this.sequence = sequence;
        this.rope = rope;
    }

    @Override
    public void expect(int length) {
        expected = length;
    }

    @Override
    public void prepare(int length) {
        int announced = Math.max(length, expected);
        if (outgrows(announced)) {
            sequence.truncate(0);
        }
        sequence.setRope(rope.of(announced));
    }

    @Override
    public boolean outgrows(int length) {
        return sequence.position() > 0 && rope.of(length) != sequence.rope();
    }

    @Override
    public void check(int length) {
        if (rope.of(length) != rope && sequence.rope() == rope) {
            throw new IllegalStateException("longrope: expected " + length + " tokens to be announced before the pass");
        }
    }
}
