package io.github.t6j.cli.bench;

import io.github.t6j.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Words for the share of a model's weights that is in huge pages. */
public final class HugePages {
    private static final Path SETTING = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    private HugePages() {}

    /** Returns words such as "98 % of the weights", or why there are none. */
    public static String of(Model model) {
        long bytes = model.hugePageBytes();
        return bytes > 0
                ? String.format(Locale.ROOT, "%.0f %% of the weights", 100.0 * bytes / model.weightBytes())
                : "none" + (isOff() ? ": this system has them off (" + SETTING + " is never)" : "");
    }

    private static boolean isOff() {
        try {
            return Files.readString(SETTING).contains("[never]");
        } catch (IOException e) {
            return false;
        }
    }
}
