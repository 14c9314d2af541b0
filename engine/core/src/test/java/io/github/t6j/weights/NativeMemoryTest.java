package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.MemoryLimitException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /** Linux gives huge pages to memory that asks for them unless its setting is never, or memory is fragmented. */
    @Test
    void hugePagesOfWrittenMemoryAreCounted() throws IOException {
        Path setting = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");
        boolean has = Files.exists(setting) && !Files.readString(setting).contains("[never]")
                && NativeMemory.class.getModule().isNativeAccessEnabled();
        try (NativeMemory owner = NativeMemory.shared()) {
            owner.allocate(1 << 20, 64).fill((byte) 1);
            assertThat(owner.hugePageBytes()).as("small memory").isZero();
            MemorySegment memory = owner.allocate(21_000_000, 64);
            assertThat(owner.hugePageBytes()).as("before the first write").isZero();
            memory.fill((byte) 1);
            assertThat(owner.hugePageBytes()).isBetween(has ? 2L << 20 : 0, 21_000_000L);
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
