package io.github.t6j.weights;

import com.sun.management.OperatingSystemMXBean;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;

/** Memory that this process may still allocate. */
public final class PhysicalMemory {
    /** Memory that every machine with a JVM has; smaller requests skip the query, which is slow the first time. */
    private static final long MIN_MEMORY = 64 << 20;

    private PhysicalMemory() {}

    /** Holder that queries the total on first use. */
    private static final class Total {
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

    /** Returns the machine's memory minus that of this process, on the heap and in {@link NativeMemory}, in bytes. */
    public static long available() {
        return Math.max(0, Total.BYTES - Runtime.getRuntime().totalMemory() - NativeMemory.allocatedBytes());
    }

    /** Returns {@link #available}, or {@code wanted} if every machine has that much. */
    public static long availableFor(long wanted) {
        return wanted + NativeMemory.allocatedBytes() <= MIN_MEMORY ? wanted : available();
    }
}
