package io.github.t6j.weights;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Memory for weights, in huge pages where Linux gives them and this module may call native code ({@code
 * --enable-native-access=io.github.t6j.engine}, as bin/t6j starts it): with pages of 4 KB, walking their table costs a
 * part of the bandwidth. Elsewhere it is ordinary off-heap memory.
 */
public final class Memory {
    /** Less holds no huge page. */
    private static final long LARGE = 4 << 20;

    private static final long HUGE_PAGE = 2 << 20;
    private static final long ALIGNMENT = 64;

    // of Linux, on x86-64 and AArch64 alike
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVISE_HUGE_PAGE = 14;

    private Memory() {}

    /** {@code bytes} zeros, aligned to 64, that live as long as {@code arena}. */
    public static MemorySegment allocate(long bytes, Arena arena) {
        MemorySegment huge = bytes >= LARGE && Memory.class.getModule().isNativeAccessEnabled()
                && System.getProperty("os.name").equals("Linux") ? huge(bytes, arena) : MemorySegment.NULL;
        return huge.equals(MemorySegment.NULL) ? arena.allocate(bytes, ALIGNMENT) : huge;
    }

    /** The advice must come before the first touch, so not through an arena, which writes zeros. NULL: the call is not available. */
    @SuppressWarnings("restricted")
    private static MemorySegment huge(long bytes, Arena arena) {
        long size = bytes + HUGE_PAGE;
        MethodHandle unmap = function("munmap", JAVA_INT, ADDRESS, JAVA_LONG);
        try {
            MemorySegment mapped = (MemorySegment) function(
                    "mmap", ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG)
                    .invokeExact(MemorySegment.NULL, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
            if (mapped.address() == -1) {
                return MemorySegment.NULL;
            }
            MemorySegment all = mapped.reinterpret(size, arena, memory -> {
                try {
                    int ignored = (int) unmap.invokeExact(memory, size);
                } catch (Throwable never) {
                    throw new IllegalStateException("munmap", never);
                }
            });
            long first = -mapped.address() & HUGE_PAGE - 1;
            MemorySegment aligned = all.asSlice(first, bytes);
            // Refused, it is memory all the same.
            int ignored = (int) function("madvise", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT)
                    .invokeExact(aligned, bytes, ADVISE_HUGE_PAGE);
            return aligned;
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable never) {
            throw new IllegalStateException("mmap", never);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, ValueLayout result, ValueLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }
}
