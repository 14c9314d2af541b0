package io.github.t6j.cli.models;

import io.github.t6j.ModelOptions.Adapter;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** {@code --adapter}, for commands that read a model's weights. */
final class AdapterArguments {
    private static final Pattern SCALED = Pattern.compile("(.+):([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)");

    @Option(names = "--adapter", paramLabel = "DIR|NAME[:SCALE]",
            description = {
                "LoRA adapter to add to the weights: a folder in PEFT's layout, or the name of a pulled one.",
                "SCALE multiplies it (default: 1). Repeatable; adapters are added in the given order."})
    private List<String> adapters = List.of();

    /** @throws CommandFailure if a folder does not exist, or a scale is not a finite number */
    List<Adapter> adapters(Main main) {
        List<Adapter> parsed = new ArrayList<>();
        for (String text : adapters) {
            Matcher scaled = SCALED.matcher(text);
            boolean hasScale = folder(main, text).isEmpty() && scaled.matches();
            String name = hasScale ? scaled.group(1) : text;
            Path folder = folder(main, name).orElseThrow(() -> new CommandFailure(
                    "--adapter " + text
                            + ": expected the folder of a LoRA adapter, or folder:scale, found no such folder"
                            + (name.matches("[^/]+/[^/]+")
                                    ? ": t6j pull " + name + " downloads one of that name"
                                    : "")));
            parsed.add(new Adapter(folder, hasScale ? scale(text, scaled.group(2)) : 1));
        }
        return parsed;
    }

    /** Returns the folder, or else the pulled adapter, of that name. */
    private static Optional<Path> folder(Main main, String name) {
        try {
            Path folder = Path.of(name);
            Optional<ModelName> pulled = ModelName.parse(name);
            return Files.isDirectory(folder) || pulled.isEmpty()
                    ? Optional.of(folder).filter(Files::isDirectory)
                    : new HubCache(new HubSettings(main.environment)).find(pulled.get()).filter(Files::isDirectory);
        } catch (InvalidPathException e) { // a colon on Windows
            return Optional.empty();
        } catch (IOException e) {
            throw Errors.failure(Path.of(name), "cannot be read", e);
        }
    }

    private static float scale(String text, String scale) {
        try {
            float number = Float.parseFloat(scale);
            if (Float.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new CommandFailure("--adapter " + text + ": expected a finite number after the colon, found " + scale);
    }
}
