package io.github.t6j.jmh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Size of the processor's caches above L2: L3, in all its parts, and L4 if there is one. */
public final class L3Cache {
    private static final long MIN_OUT_OF_CACHE = 400L << 20;

    private L3Cache() {}

    /** Returns the bytes for all cores together; 0 if the system does not report them. */
    public static long bytes() {
        try {
            return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")
                    ? macBytes()
                    : bytes(Path.of("/sys/devices/system/cpu"));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read the sizes of the processor's caches", failure);
        }
    }

    /**
     * Returns the bytes to read so that each read comes from memory: 400 MiB, or twice L3 ({@link #bytes()}) if that is
     * more.
     */
    public static long outOfCache(long thirdLevel) {
        return Math.max(MIN_OUT_OF_CACHE, 2 * thirdLevel);
    }

    private static long macBytes() throws IOException {
        Process process = new ProcessBuilder("sysctl", "-n", "hw.l3cachesize")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String size = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return size.isEmpty() ? 0 : Long.parseLong(size); // Apple's processors do not report it
    }

    /** Returns the same from Linux' folder of processors. All cores that share a part list it; it counts once. */
    static long bytes(Path cpus) throws IOException {
        Map<String, Long> parts = new HashMap<>(); // by level and by the cores that share it
        if (Files.isDirectory(cpus)) {
            try (DirectoryStream<Path> cores = Files.newDirectoryStream(cpus, "cpu[0-9]*")) {
                for (Path core : cores) {
                    addParts(core.resolve("cache"), parts);
                }
            }
        }
        return parts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static void addParts(Path core, Map<String, Long> parts) throws IOException {
        if (!Files.isDirectory(core)) {
            return; // the core is offline
        }
        try (DirectoryStream<Path> caches = Files.newDirectoryStream(core, "index[0-9]*")) {
            for (Path cache : caches) {
                String level = text(cache.resolve("level"));
                String size = text(cache.resolve("size"));
                if (!level.isEmpty() && Integer.parseInt(level) >= 3 && size.matches("[0-9]+[KMG]?")) {
                    parts.put(level + " of " + text(cache.resolve("shared_cpu_list")), size(size));
                }
            }
        }
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file).strip() : "";
    }

    private static long size(String text) {
        int unit = "KMG".indexOf(text.charAt(text.length() - 1)) + 1;
        return Long.parseLong(unit == 0 ? text : text.substring(0, text.length() - 1)) << (10 * unit);
    }
}
