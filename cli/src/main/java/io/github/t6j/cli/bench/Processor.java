package io.github.t6j.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The machine's processor. */
final class Processor {
    private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");

    private Processor() {}

    /**
     * Returns its name and, since clouds give different processors the same name, its family and model; the
     * architecture if the system does not say.
     */
    static String name() {
        try {
            List<String> lines = Files.readAllLines(DESCRIPTION);
            String name = field(lines, "model name");
            if (!name.isEmpty()) {
                return name + ", family " + field(lines, "cpu family") + ", model " + field(lines, "model");
            }
        } catch (IOException | RuntimeException notLinux) {
            // the architecture is known everywhere
        }
        return System.getProperty("os.arch");
    }

    private static String field(List<String> lines, String name) {
        return lines.stream().filter(line -> line.matches(name + "\\s*:.*")).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("");
    }
}
