package io.github.t6j.jmh.report;

import com.sun.management.OperatingSystemMXBean;
import io.github.t6j.jmh.Kernel;
import io.github.t6j.jmh.L3Cache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Description of the machine and the run, beyond JMH's own file.
 *
 * <p>In runs from before family, thirdLevel, version and commit existed, these are null.
 *
 * @param cpu name of the processor
 * @param family its family and model, or on ARM its implementer and part, since clouds give different processors the
 *     same name
 * @param cores cores that the JVM sees
 * @param memory memory in GB
 * @param thirdLevel bytes of L3, or 0 if the system does not report them
 * @param system name, version and architecture of the operating system
 * @param kernels kernels that the engine chose, such as {@code SIMD, 512-bit}
 * @param suite suite of the run
 * @param date date of the run, UTC
 * @param version version of t6j
 * @param commit commit of the checkout that has the jar, with -dirty if its files were changed
 */
record Machine(
        String cpu, String family, int cores, double memory, Long thirdLevel, String system, String kernels,
        String suite, String date, String version, String commit) {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    static Machine unknown() {
        return new Machine(
                "unknown", null, 0, 0, null, "unknown", "unknown", "unknown", "unknown", null, null);
    }

    /** Returns this machine. */
    static Machine here(String suite) throws IOException {
        OperatingSystemMXBean bean = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        String system = Stream.of("os.name", "os.version", "os.arch").map(System::getProperty)
                .reduce((a, b) -> a + " " + b).orElseThrow();
        return new Machine(
                cpuName(), cpuFamily(), Runtime.getRuntime().availableProcessors(),
                Math.round(bean.getTotalMemorySize() / 1e8) / 10.0, L3Cache.bytes(),
                system, Kernel.inAFork(), suite, LocalDate.now(ZoneOffset.UTC).toString(),
                Machine.class.getPackage().getImplementationVersion(), checkout());
    }

    /** Returns the bytes of L3, or 0 if unknown. */
    long thirdLevelBytes() {
        return thirdLevel == null ? 0 : thirdLevel;
    }

    /** Returns name and family of the processor. */
    String processor() {
        return cpu + (family == null ? "" : ", " + family);
    }

    /** Returns version and commit of t6j. */
    String software() {
        return version == null && commit == null
                ? "t6j, version not recorded"
                : "t6j" + (version == null ? "" : " " + version) + (commit == null ? "" : ", commit " + commit);
    }

    private static String cpuName() throws IOException {
        if (Files.exists(CPUINFO)) {
            return Stream.of("model name", "CPU part").map(Machine::cpuinfo).filter(Objects::nonNull).findFirst()
                    .orElse("unknown");
        }
        if (isMac()) {
            return said("sysctl", "-n", "machdep.cpu.brand_string");
        }
        return System.getenv().getOrDefault("PROCESSOR_IDENTIFIER", "unknown");
    }

    /** Returns the family; null if the name contains it, or it is unknown. */
    private static String cpuFamily() {
        if (isMac()) {
            return said("sysctl", "-n", "hw.cpufamily");
        }
        return Stream.of(List.of("cpu family", "model"), List.of("CPU implementer", "CPU part"))
                .filter(keys -> cpuinfo(keys.getFirst()) != null)
                .map(keys -> keys.stream().map(key -> key.replaceFirst("^(cpu|CPU) ", "") + " " + cpuinfo(key))
                        .collect(Collectors.joining(", ")))
                .findFirst().orElse(null);
    }

    private static boolean isMac() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac");
    }

    /** Returns Linux' value of this key for the first core, or null. */
    private static String cpuinfo(String key) {
        if (!Files.exists(CPUINFO)) {
            return null;
        }
        try (Stream<String> lines = Files.lines(CPUINFO)) {
            return lines.filter(line -> line.matches(key + "\\s*:.*")).findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(null);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read what the processor is", failure);
        }
    }

    private static String checkout() {
        Path classes;
        try {
            classes = Path.of(Machine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException("the place of a class is a URI", impossible);
        }
        return said("git", "-C", classes.getParent().toString(), "describe", "--always", "--dirty", "--abbrev=12",
                "--exclude=*");
    }

    /** Returns the output of a command; null if it does not exist or fails. */
    private static String said(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 && !text.isEmpty() ? text : null;
        } catch (IOException none) {
            return null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
