package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.ShortNames;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --model}, for commands that need a model: a path, or a name in the hub's cache. */
public final class ModelFolder {
    /** Place of the model in a package, then in the project. */
    private static final List<String> BUNDLED = List.of("models/t6-mini", "testdata/models/t6-mini");

    /** Name of the model that comes with t6j. */
    static final String BUNDLED_NAME = "t6-mini";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR|FILE|NAME",
            description = {"Folder in Hugging Face layout, weight file (such as GGUF), or name of a pulled model",
                "(default: T6J_MODEL, the configuration's, or the small model that comes with t6j)."})
    private Path model;

    /** @throws CommandFailure if the model does not exist */
    public Path path(Main main) {
        return model == null ? bundled() : found(main, main.settings().modelSource(model), model);
    }

    /** Returns a pulled model's name as it was given, or else the name of the folder or file. */
    String name(Main main) {
        return model != null && !Files.exists(model)
                ? model.toString().replace(File.separatorChar, '/')
                : path(main).toAbsolutePath().normalize().getFileName().toString();
    }

    /**
     * Returns {@code model} itself if it exists, or else the pulled model of that name.
     *
     * @param option option to name in errors
     * @throws CommandFailure if neither exists
     */
    public static Path found(Main main, String option, Path model) {
        if (Files.exists(model)) {
            return model;
        }
        String expected =
                option + " " + model + ": expected a folder with config.json and weights, or a file of weights";
        String text = model.toString().replace(File.separatorChar, '/');
        if (text.equals(BUNDLED_NAME)) {
            return bundled();
        }
        Optional<ModelName> name = ModelName.parse(text);
        if (name.isEmpty()) {
            throw new CommandFailure(expected + ", found no such file or folder" + ShortNames.advice(text));
        }
        HubCache cache = new HubCache(new HubSettings(main.environment));
        try {
            return cache.find(name.get()).orElseThrow(() -> new CommandFailure(expected
                    + ", or a pulled model, found neither: " + (name.get().hasOwner()
                            ? "t6j pull " + name.get() + " downloads that model"
                            : "t6j models lists the models on this machine, t6j pull ORG/NAME downloads one from a hub"
                                    + ShortNames.advice(text))));
        } catch (IOException e) {
            throw Errors.failure(cache.folder(), "cannot be read", e);
        }
    }

    /** Returns the folder of a model's other files. */
    public static Path folderOf(Path model) {
        return Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    }

    /**
     * Returns the bundled model, below the folder that the launcher names, or else below or above the folder of this
     * class.
     */
    public static Path bundled() {
        String home = System.getProperty("t6j.home");
        for (Path folder = home == null ? codePath() : Path.of(home); folder != null; folder = folder.getParent()) {
            for (String place : BUNDLED) {
                if (Files.isDirectory(folder.resolve(place))) {
                    return folder.resolve(place);
                }
            }
        }
        throw new CommandFailure("expected the model that comes with t6j (" + BUNDLED.getFirst() + "), found no such"
                + " folder: use --model DIR, or start Java with -Dt6j.home=DIR, the folder of t6j");
    }

    private static Path codePath() {
        CodeSource source = Main.class.getProtectionDomain().getCodeSource();
        try {
            return source == null ? null : Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            return null;
        }
    }
}
