package io.github.t6j.cli;

import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** {@code --model}, for commands that need a model: a path, or a name of the hub's cache. */
final class ModelFolder {
    /** Where a package has the model, then where the project has it. */
    private static final List<String> BUNDLED = List.of("models/t6-mini", "testdata/models/t6-mini");

    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR|FILE|NAME",
            description = "Folder of the model, in Hugging Face layout, or a file of weights, such as GGUF, or the name of a "
                    + "pulled model (default: the small model that comes with t6j).")
    private Path model;

    /** @throws CommandFailure if there is nothing */
    Path path(Main main) {
        return model == null ? bundled() : found(main, "--model", model);
    }

    /** A pulled model's name, as it was given, else that of the folder or file. */
    String name(Main main) {
        return model != null && !Files.exists(model)
                ? model.toString().replace(File.separatorChar, '/')
                : path(main).toAbsolutePath().normalize().getFileName().toString();
    }

    /**
     * {@code model} itself if it is there, else the pulled model of that name.
     *
     * @throws CommandFailure if there is neither; {@code option} names it
     */
    static Path found(Main main, String option, Path model) {
        if (Files.exists(model)) {
            return model;
        }
        String expected =
                option + " " + model + ": expected a folder with config.json and weights, or a file of weights";
        Optional<ModelName> name = ModelName.parse(model.toString().replace(File.separatorChar, '/'));
        if (name.isEmpty()) {
            throw new CommandFailure(expected + ", found nothing");
        }
        HubCache cache = new HubCache(new HubSettings(main.environment));
        try {
            return cache.find(name.get()).orElseThrow(() -> new CommandFailure(expected
                    + ", or a pulled model, found nothing: " + (name.get().hasOwner()
                            ? "t6j pull " + name.get() + " gets one of that name"
                            : "t6j models lists what is there, t6j pull ORG/NAME gets a model from a hub")));
        } catch (IOException e) {
            throw Errors.failure(cache.folder(), "cannot be read", e);
        }
    }

    /** The folder of a model's other files. */
    static Path folderOf(Path model) {
        return Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    }

    /** In the folder that the launcher names or, without it, that this class is in, or above. */
    static Path bundled() {
        String home = System.getProperty("t6j.home");
        for (Path folder = home == null ? codePath() : Path.of(home); folder != null; folder = folder.getParent()) {
            for (String place : BUNDLED) {
                if (Files.isDirectory(folder.resolve(place))) {
                    return folder.resolve(place);
                }
            }
        }
        throw new CommandFailure("the model that comes with t6j (" + BUNDLED.getFirst() + ") was not found: give"
                + " --model DIR, or start Java with -Dt6j.home=DIR, the folder of t6j");
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
