package io.github.t6j.kernels.processor;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/** Properties of the processor as the JVM reports them. If the JVM has no such flag, the best case is assumed. */
public final class Processor {
    private Processor() {}

    /** True if the processor has 16 vector registers instead of 32, as x86 without AVX-512. */
    public static final boolean FEW_REGISTERS = fewRegisters();

    /** True on Intel processors, the only ones for which the JVM avoids 16-bit immediates in stores. */
    public static final boolean INTEL = "false".equals(option("UseStoreImmI16"));

    /** Returns true if Math.fma is a single instruction. */
    public static boolean fused() {
        String use = option("UseFMA");
        return use == null || Boolean.parseBoolean(use);
    }

    private static boolean fewRegisters() {
        String avx = option("UseAVX");
        return avx != null && Integer.parseInt(avx) < 3;
    }

    /** Returns the value of a JVM flag, or null if the flag or the module jdk.management is missing. */
    private static String option(String name) {
        if (ModuleLayer.boot().findModule("jdk.management").isEmpty()) {
            return null;
        }
        var bean = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        try {
            return bean == null ? null : bean.getVMOption(name).getValue();
        } catch (IllegalArgumentException unknown) {
            return null;
        }
    }
}
