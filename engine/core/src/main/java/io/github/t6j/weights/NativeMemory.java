package io.github.t6j.weights;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.sun.management.OperatingSystemMXBean;
import io.github.t6j.MemoryLimitException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Off-heap memory of one owner, freed by {@link #close}. All of it is counted ({@link #allocatedBytes}), and
 * allocations beyond the machine's memory fail: an operating system that overcommits would kill the process later.
 *
 * <p>Large allocations use huge pages if Linux supports them and this module may call native code ({@code
 * --enable-native-access=io.github.t6j.engine}, which bin/t6j sets): with pages of 4 KB, page table walks cost part of
 * the bandwidth. Elsewhere it is ordinary off-heap memory.
 */
public final class NativeMemory implements Arena {
    /** Minimum size for huge pages; smaller allocations contain none. */
    private static final long LARGE = 4 << 20;

    private static final long HUGE_PAGE = 2 << 20;

    /** Memory that every machine with a JVM has; smaller requests skip the query, which is slow the first time. */
    private static final long MIN_MEMORY = 64 << 20;

    // constants of Linux, the same on x86-64 and AArch64
    private static final int READ_WRITE = 3;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final int ADVISE_HUGE_PAGE = 14;

    /** First line of a mapping in Linux's smaps: its first address and the one after its last. */
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-([0-9a-f]+) ");

    private static final String ADVICE = "close sessions or models, shorten contexts, or use a smaller model";

    private static final AtomicLong HELD = new AtomicLong();

    private final Arena arena;
    private final AtomicLong counted = new AtomicLong();
    private final List<MemorySegment> large = new CopyOnWriteArrayList<>(); // for which huge pages were asked
    private MemoryBudget budget; // or null

    /** Holder that queries the total on first use. */
    private static final class MachineMemory {
        static final long BYTES = query();

        /** Returns the memory of the machine or its container; unknown on the class path of some images. */
        private static long query() {
            if (ModuleLayer.boot().findModule("jdk.management").isPresent()
                    && ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                    && system.getTotalMemorySize() > 0) {
                return system.getTotalMemorySize();
            }
            System.getLogger("io.github.t6j").log(
                    Level.WARNING,
                    "t6j cannot read how much memory this machine has, so it rejects no model or context as too large:"
                            + " start Java with --add-modules jdk.management, and link images with that module");
            return Long.MAX_VALUE;
        }
    }

    private NativeMemory(Arena arena) {
        this.arena = arena;
    }

    /** Returns memory that any thread may use and close. */
    public static NativeMemory shared() {
        return new NativeMemory(Arena.ofShared());
    }

    /** Returns memory that any thread may use and close, counted in {@code budget}, which may be null. */
    public static NativeMemory shared(MemoryBudget budget) {
        NativeMemory memory = shared();
        memory.budget = budget;
        return memory;
    }

    /** Returns memory for the calling thread only. */
    public static NativeMemory confined() {
        return new NativeMemory(Arena.ofConfined());
    }

    /** Returns the number of bytes allocated now, by all instances; rounding by the system is not counted. */
    public static long allocatedBytes() {
        return HELD.get();
    }

    /** Returns the machine's memory minus this process's, on the heap and off it, in bytes. */
    public static long available() {
        return Math.max(0, MachineMemory.BYTES - Runtime.getRuntime().totalMemory() - allocatedBytes());
    }

    /** Returns {@link #available}, or {@code wanted} if every machine has that much. */
    public static long availableFor(long wanted) {
        return wanted + allocatedBytes() <= MIN_MEMORY ? wanted : available();
    }

    /**
     * Allocates {@code bytes} zeros.
     *
     * @throws MemoryLimitException if the machine does not have that much memory
     */
    @Override
    public MemorySegment allocate(long bytes, long alignment) {
        long available = availableFor(bytes);
        if (bytes > available) {
            throw new MemoryLimitException("off-heap memory", bytes, available, ADVICE);
        }
        if (budget != null) {
            budget.take(bytes);
        }
        boolean allocated = false;
        try {
            MemorySegment huge = mayBeHuge(bytes, alignment) ? huge(bytes) : MemorySegment.NULL;
            MemorySegment memory = huge.equals(MemorySegment.NULL) ? arena.allocate(bytes, alignment) : huge;
            counted.addAndGet(bytes);
            HELD.addAndGet(bytes);
            allocated = true;
            return memory;
        } catch (OutOfMemoryError e) {
            throw new MemoryLimitException("off-heap memory", bytes, available, ADVICE);
        } finally {
            if (budget != null && !allocated) {
                budget.give(bytes);
            }
        }
    }

    /**
     * Moves this memory from its budget to {@code newBudget}.
     *
     * @throws MemoryLimitException if that has too little left; nothing is changed then
     */
    public void charge(MemoryBudget newBudget) {
        newBudget.take(counted.get());
        if (budget != null) {
            budget.give(counted.get());
        }
        budget = newBudget;
    }

    private static boolean mayBeHuge(long bytes, long alignment) {
        return bytes >= LARGE && alignment <= HUGE_PAGE && NativeMemory.class.getModule().isNativeAccessEnabled()
                && System.getProperty("os.name").equals("Linux");
    }

    /**
     * Allocates huge pages, or returns NULL if the call is not available. The advice must precede the first write, so
     * an arena, which writes zeros, cannot allocate this memory.
     */
    @SuppressWarnings("restricted")
    private MemorySegment huge(long bytes) {
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
            // If the kernel refuses huge pages, the memory is still usable.
            int ignored = (int) function("madvise", JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT)
                    .invokeExact(aligned, bytes, ADVISE_HUGE_PAGE);
            large.add(aligned);
            return aligned;
        } catch (RuntimeException | Error failure) {
            throw failure;
        } catch (Throwable never) {
            throw new IllegalStateException("mmap", never);
        }
    }

    /** Returns the number of bytes of this memory that are in huge pages now; 0 if the system does not say. */
    public long hugePageBytes() {
        long bytes = 0;
        try {
            long overlap = 0; // of the mapping whose lines are being read
            for (String line : large.isEmpty() ? List.<String>of() : Files.readAllLines(Path.of("/proc/self/smaps"))) {
                Matcher mapping = MAPPING.matcher(line);
                if (mapping.lookingAt()) {
                    overlap = overlap(HexFormat.fromHexDigitsToLong(mapping.group(1)),
                            HexFormat.fromHexDigitsToLong(mapping.group(2)));
                } else if (line.startsWith("AnonHugePages:")) {
                    bytes += Math.min(overlap, Long.parseLong(line.replaceAll("[^0-9]", "")) << 10);
                }
            }
        } catch (IOException unreadable) {
            return 0;
        }
        return bytes;
    }

    private long overlap(long from, long to) {
        return large.stream().mapToLong(memory -> Math.min(to, memory.address() + memory.byteSize())
                - Math.max(from, memory.address())).filter(bytes -> bytes > 0).sum();
    }

    @SuppressWarnings("restricted")
    private static MethodHandle function(String name, ValueLayout result, ValueLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
    }

    @Override
    public MemorySegment.Scope scope() {
        return arena.scope();
    }

    /** Frees all memory; a second call does nothing. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
            HELD.addAndGet(-counted.get());
            if (budget != null) {
                budget.give(counted.get());
            }
        }
    }
}
