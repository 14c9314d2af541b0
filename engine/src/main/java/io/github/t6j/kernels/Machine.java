package io.github.t6j.kernels;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;

/** What the JVM tells of the processor. Where it cannot be asked, a machine is taken for a good one. */
public final class Machine {
    private Machine() {}

    /** Whether there are 16 vector registers, not 32, as on x86 without AVX-512. */
    public static final boolean FEW_REGISTERS = fewRegisters();

    /** Whether Math.fma is an instruction. */
    public static boolean fused() {
        String use = option("UseFMA");
        return use == null || Boolean.parseBoolean(use);
    }

    private static boolean fewRegisters() {
        String avx = option("UseAVX");
        return avx != null && Integer.parseInt(avx) < 3;
    }

    /** A flag of the JVM's; null where there is no such flag, or none to ask. */
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
