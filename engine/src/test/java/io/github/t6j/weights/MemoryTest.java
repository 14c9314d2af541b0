package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class MemoryTest {
    /** Small and large enough for huge pages; with and without the right to ask for them it must be the same. */
    @Test
    void itIsZeroAlignedWritableAndGoneWithItsArena() {
        for (long bytes : new long[] {64, 5_000_000, 9_000_001}) {
            MemorySegment memory;
            try (Arena arena = Arena.ofShared()) {
                memory = Memory.allocate(bytes, arena);
                assertThat(memory.byteSize()).isEqualTo(bytes);
                assertThat(memory.address() % 64).isZero();
                for (long at : new long[] {0, bytes / 2, bytes - 1}) {
                    assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isZero();
                    memory.set(ValueLayout.JAVA_BYTE, at, (byte) 7);
                    assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isEqualTo((byte) 7);
                }
            }
            assertThat(memory.scope().isAlive()).isFalse();
        }
    }
}
