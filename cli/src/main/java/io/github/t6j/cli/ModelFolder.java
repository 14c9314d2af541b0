package io.github.t6j.cli;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import picocli.CommandLine.Option;

/** {@code --model}, for commands that need a model. */
final class ModelFolder {
    private static final Path BUNDLED = Path.of("testdata", "models", "t6-tiny");

    @Option(
            names = "--model",
            paramLabel = "DIR|FILE",
            description = "Folder of the model, in Hugging Face layout, or a file of weights, such as GGUF (default: the "
                    + "small model that comes with t6j).")
    private Path model;

    /** @throws CommandFailure if there is nothing */
    Path path() {
        return checked("--model", model == null ? bundled() : model);
    }

    /** @throws CommandFailure if there is nothing at {@code model}, which {@code option} names */
    static Path checked(String option, Path model) {
        if (!Files.exists(model)) {
            throw new CommandFailure(option + " " + model
                    + ": expected a folder with config.json and weights, or a file of weights, found nothing");
        }
        return model;
    }

    /** The folder of a model's other files. */
    static Path folderOf(Path model) {
        return Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
    }

    /** The launcher says where t6j lives; without it, the model is looked for above the place of this class. */
    static Path bundled() {
        String home = System.getProperty("t6j.home");
        if (home != null) {
            return Path.of(home).resolve(BUNDLED);
        }
        for (Path folder = codePath(); folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve(BUNDLED))) {
                return folder.resolve(BUNDLED);
            }
        }
        throw new CommandFailure("the model that comes with t6j (" + BUNDLED + ") was not found: give --model DIR, or "
                + "start Java with -Dt6j.home=DIR, the project's folder");
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
