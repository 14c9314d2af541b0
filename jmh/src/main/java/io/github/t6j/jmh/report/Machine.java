package io.github.t6j.jmh.report;

import com.sun.management.OperatingSystemMXBean;
import io.github.t6j.jmh.Kernel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where results come from, as far as JMH's own file does not say.
 *
 * @param cpu its name
 * @param cores that the JVM sees
 * @param memory in GB
 * @param system name, version and architecture
 * @param kernels what the engine chose, such as {@code SIMD, 512-bit}
 * @param suite that was run
 * @param date of the run, UTC
 */
record Machine(String cpu, int cores, double memory, String system, String kernels, String suite, String date) {

    static Machine unknown() {
        return new Machine("unknown", 0, 0, "unknown", "unknown", "unknown", "unknown");
    }

    /** This one. */
    static Machine here(String suite) throws IOException {
        OperatingSystemMXBean bean = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        String system = Stream.of("os.name", "os.version", "os.arch").map(System::getProperty)
                .reduce((a, b) -> a + " " + b).orElseThrow();
        return new Machine(
                cpuName(), Runtime.getRuntime().availableProcessors(),
                Math.round(bean.getTotalMemorySize() / 1e8) / 10.0,
                system, Kernel.inAFork(), suite, LocalDate.now(ZoneOffset.UTC).toString());
    }

    private static String cpuName() throws IOException {
        Path linux = Path.of("/proc/cpuinfo");
        if (Files.exists(linux)) {
            try (Stream<String> lines = Files.lines(linux)) {
                return lines.filter(line -> line.startsWith("model name") || line.startsWith("CPU part")).findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown");
            }
        }
        if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")) {
            Process process = new ProcessBuilder("sysctl", "-n", "machdep.cpu.brand_string").start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        }
        return System.getenv().getOrDefault("PROCESSOR_IDENTIFIER", "unknown");
    }
}
