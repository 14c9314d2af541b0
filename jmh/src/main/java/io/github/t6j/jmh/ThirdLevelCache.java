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

/** How large the processor's caches above L2 are: L3, in all its parts, and L4 where there is one. */
public final class ThirdLevelCache {
    private static final long LEAST_OUT_OF_CACHE = 400L << 20;

    private ThirdLevelCache() {}

    /** Its bytes, of all cores together; 0 where the system does not tell. */
    public static long bytes() {
        try {
            return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac")
                    ? macBytes()
                    : bytes(Path.of("/sys/devices/system/cpu"));
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read the sizes of the processor's caches", failure);
        }
    }

    /** Bytes to pass over so that each read comes from memory: 400 MiB, and twice L3 ({@link #bytes()}) where that is more. */
    public static long outOfCache(long thirdLevel) {
        return Math.max(LEAST_OUT_OF_CACHE, 2 * thirdLevel);
    }

    private static long macBytes() throws IOException {
        Process process = new ProcessBuilder("sysctl", "-n", "hw.l3cachesize")
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String size = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        return size.isEmpty() ? 0 : Long.parseLong(size); // Apple's own processors have no such size
    }

    /** The same from Linux's folder of processors. Cores that share a part all list it: it counts once. */
    static long bytes(Path cpus) throws IOException {
        Map<String, Long> parts = new HashMap<>(); // by level and by who shares it
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
            return; // a core that is switched off
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
