package io.github.t6j.weights;

import com.sun.management.OperatingSystemMXBean;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;

/** How much memory there is to allocate. */
public final class PhysicalMemory {
    /** A machine that runs a JVM has so much: the question, 33 ms at first, is not worth asking. */
    private static final long SURE = 64 << 20;

    private PhysicalMemory() {}

    /** Asked once, when it is first needed. */
    private static final class Total {
        static final long BYTES = ask();

        /** Of the machine, or of the container that the JVM runs in. On the class path of an image nobody may know. */
        private static long ask() {
            if (ModuleLayer.boot().findModule("jdk.management").isPresent()
                    && ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                    && system.getTotalMemorySize() > 0) {
                return system.getTotalMemorySize();
            }
            System.getLogger("io.github.t6j").log(
                    Level.WARNING,
                    "t6j cannot ask how much memory the machine has, and so refuses no model or context that"
                            + " is too large; start java with --add-modules jdk.management, and make an image with it");
            return Long.MAX_VALUE;
        }
    }

    /** Bytes of the machine's memory beside what this process has of it, on the heap and in {@link NativeMemory}. */
    public static long available() {
        return Math.max(0, Total.BYTES - Runtime.getRuntime().totalMemory() - NativeMemory.held());
    }

    /** As {@link #available}, or just {@code wanted} bytes where there surely are so many. */
    public static long availableFor(long wanted) {
        return wanted + NativeMemory.held() <= SURE ? wanted : available();
    }
}
