package io.github.t6j.jmh;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Description of the machine and the run, beyond JMH's own file; public for the templates.
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
public record Machine(
        String cpu, String family, int cores, double memory, Long thirdLevel, String system, String kernels,
        String suite, String date, String version, String commit) {

    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** Returns the machine of results without a description. */
    public static Machine unknown() {
        return new Machine("unknown", null, 0, 0, null, "unknown", "unknown", "unknown", "unknown", null, null);
    }

    /** Returns this machine. */
    public static Machine here(String suite) throws IOException {
        OperatingSystemMXBean bean = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        String system = Stream.of("os.name", "os.version", "os.arch").map(System::getProperty)
                .reduce((a, b) -> a + " " + b).orElseThrow();
        return new Machine(cpuName(), cpuFamily(), Runtime.getRuntime().availableProcessors(),
                Math.round(bean.getTotalMemorySize() / 1e8) / 10.0, L3Cache.bytes(),
                system, Kernel.inAFork(), suite, LocalDate.now(ZoneOffset.UTC).toString(),
                Machine.class.getPackage().getImplementationVersion(), checkout());
    }

    /** Returns the bytes of L3, or 0 if unknown. */
    public long thirdLevelBytes() {
        return thirdLevel == null ? 0 : thirdLevel;
    }

    /** Returns name and family of the processor. */
    public String processor() {
        return cpu + (family == null ? "" : ", " + family);
    }

    /**
     * Returns the first property by which {@code other} is no part of the same run, with both values, or null. The
     * date may differ: a run may take more than a day.
     */
    public String difference(Machine other) {
        String[][] compared = {{"suite", suite, other.suite}, {"CPU", processor(), other.processor()},
            {"cores", Integer.toString(cores), Integer.toString(other.cores)}, {"kernels", kernels, other.kernels},
            {"commit", commit, other.commit}};
        return Stream.of(compared).filter(values -> !Objects.equals(values[1], values[2])).findFirst()
                .map(values -> values[0] + " " + values[2] + " instead of " + values[1]).orElse(null);
    }

    /** Returns version and commit of t6j. */
    public String software() {
        return version == null && commit == null
                ? "t6j, version not recorded"
                : "t6j" + (version == null ? "" : " " + version) + (commit == null ? "" : ", commit " + commit);
    }

    private static String cpuName() throws IOException {
        return Stream
                .of(cpuinfo("model name"), cpuinfo("CPU part"), outputOf("sysctl", "-n", "machdep.cpu.brand_string"),
                        System.getenv("PROCESSOR_IDENTIFIER"))
                .filter(Objects::nonNull).findFirst().orElse("unknown");
    }

    /** Returns the family; null if it is unknown. */
    private static String cpuFamily() throws IOException {
        return cpuinfo("cpu family") != null
                ? "family " + cpuinfo("cpu family") + ", model " + cpuinfo("model")
                : cpuinfo("CPU implementer") != null
                        ? "implementer " + cpuinfo("CPU implementer") + ", part " + cpuinfo("CPU part")
                        : outputOf("sysctl", "-n", "hw.cpufamily");
    }

    /** Returns Linux' value of this key for the first core, or null. */
    private static String cpuinfo(String key) throws IOException {
        return !Files.exists(CPUINFO)
                ? null
                : Files.readAllLines(CPUINFO).stream()
                        .filter(line -> line.matches(key + "\\s*:.*")).findFirst()
                        .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse(null);
    }

    /** Returns the commit, with -dirty if files were changed that no report writes; null in a tree without git. */
    private static String checkout() {
        try {
            Path classes = Path.of(Machine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            String folder = classes.getParent().toString();
            String commit = outputOf("git", "-C", folder, "rev-parse", "--short=12", "HEAD");
            String changed = outputOf("git", "-C", folder, "status", "--porcelain", "--untracked-files=no", "--", ":/",
                    ":(exclude,top)jmh/results", ":(exclude,top)jmh/history.*", ":(exclude,top)jmh/plots");
            return commit == null || changed == null ? commit : commit + "-dirty";
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException("the place of a class is a URI", impossible);
        }
    }

    /** Returns the output of a command; null if it does not exist or fails. */
    private static String outputOf(String... command) {
        try {
            Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 && !text.isEmpty() ? text : null;
        } catch (IOException _) {
            return null;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
