package io.github.t6j.tokenizer.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MergeTableTest {
    private static final int MERGES = 300_000;

    /** Returns the inverse of an odd multiplier modulo 2^64, by Newton's iteration. */
    private static long inverse(long odd) {
        long inverse = odd;
        for (int i = 0; i < 6; i++) {
            inverse *= 2 - odd * inverse;
        }
        return inverse;
    }

    @Test
    @Timeout(10)
    void mergesBuiltToCollideTakeNoLonger() {
        // multiplied by the golden ratio alone, these have the same upper bits
        long inverse = inverse(0x9E3779B97F4A7C15L);
        List<Long> keys = new ArrayList<>();
        for (long i = 1; keys.size() < MERGES; i++) {
            long key = i * inverse;
            if (key > 0 && (int) key > 0) {
                keys.add(key);
            }
        }
        MergeTable table = new MergeTable(MERGES);
        for (int i = 0; i < MERGES; i++) {
            assertThat(table.put((int) (keys.get(i) >>> 32), keys.get(i).intValue(), i, i + 1)).isTrue();
        }
        for (int i = 0; i < MERGES; i++) {
            long found = table.get((int) (keys.get(i) >>> 32), keys.get(i).intValue());
            assertThat(found).isEqualTo((long) i << 32 | i + 1);
        }
    }
}
