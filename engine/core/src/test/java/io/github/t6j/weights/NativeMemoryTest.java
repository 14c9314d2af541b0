package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.MemoryLimitException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated
class NativeMemoryTest {
    /**
     * Allocations too small for huge pages and large enough for them, with and without the permission to request them.
     */
    @Test
    void memoryIsZeroedAlignedWritableCountedAndFreedByClose() {
        for (long bytes : new long[] {64, 5_000_000, 9_000_001}) {
            MemorySegment memory;
            long before = NativeMemory.allocatedBytes();
            try (NativeMemory owner = NativeMemory.shared()) {
                memory = owner.allocate(bytes, 64);
                assertThat(NativeMemory.allocatedBytes() - before).isEqualTo(bytes);
                assertThat(memory.byteSize()).isEqualTo(bytes);
                assertThat(memory.address() % 64).isZero();
                for (long at : new long[] {0, bytes / 2, bytes - 1}) {
                    assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isZero();
                    memory.set(ValueLayout.JAVA_BYTE, at, (byte) 7);
                    assertThat(memory.get(ValueLayout.JAVA_BYTE, at)).isEqualTo((byte) 7);
                }
            }
            assertThat(memory.scope().isAlive()).isFalse();
            assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
        }
    }

    @Test
    void moreThanTheMachineHasIsRefused() {
        long before = NativeMemory.allocatedBytes();
        try (NativeMemory owner = NativeMemory.confined()) {
            assertThatThrownBy(() -> owner.allocate(1L << 60, 64))
                    .isInstanceOfSatisfying(MemoryLimitException.class, refusal -> {
                        assertThat(refusal.needed()).isEqualTo(1L << 60);
                        assertThat(refusal.available()).isBetween(1L, 1L << 60);
                    })
                    .hasMessageContaining("found a need of " + (1L << 40) + " MB");
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }
}
