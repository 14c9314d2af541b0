package io.github.t6j.cli.models;

import io.github.t6j.cli.io.Similar;
import io.github.t6j.training.presets.Presets;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Names that --preset accepts, for completion and messages. */
public final class PresetNames implements Iterable<String> {
    private static final List<String> NAMES = List.of(Presets.names().split(", "));

    private static final List<String> USUAL = List.of("tiny", "t6-small", "mha-small");

    @Override
    public Iterator<String> iterator() {
        return NAMES.iterator();
    }

    /** @throws ParameterException if no preset has this name; the message lists three, similar ones if there are any */
    public static void check(CommandSpec spec, String name) {
        if (!NAMES.contains(name)) {
            List<String> similar = Similar.to(name, NAMES, 3);
            throw new ParameterException(spec.commandLine(), "--preset: expected a preset such as "
                    + String.join(", ", similar.isEmpty() ? USUAL : similar) + ", found " + name);
        }
    }
}
