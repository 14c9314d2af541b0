package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.ShortNames;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.weights.checkpoint.CheckpointFiles;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code --model}, for commands that need a model: a path, or a name in the hub's cache. */
public final class ModelFolder {
    /** Place of the model in a package, then in the project. */
    private static final List<String> BUNDLED = List.of("models/t6-mini", "testdata/models/t6-mini");

    private static final Pattern FILE = Pattern.compile("\\.{1,2}/\\S+|\\S+\\.(gguf|safetensors|bin|pt|pth)");

    /** Name of the model that comes with t6j. */
    static final String BUNDLED_NAME = "t6-mini";

    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR|FILE|NAME",
            description = {"Folder in Hugging Face layout, weight file (such as GGUF), or name of a pulled model",
                "(default: T6J_MODEL, the configuration's, or the small model that comes with t6j)."})
    private Path model;

    @Option(names = "-hf", paramLabel = "NAME", description = "Model of a hub; it is pulled first if it is missing.")
    private String ofHub;

    private String argument; // that named the model instead of an option; or null
    private ModelName hub; // name in ofHub, once it is checked
    private Path pulled; // model of ofHub

    /** @throws CommandFailure if the model does not exist */
    public Path path(Main main) {
        if (ofHub != null) {
            pulled = pulled == null ? Download.ifMissing(main, hub, false) : pulled;
            return pulled;
        }
        return model == null
                ? bundled()
                : found(main, argument == null ? main.settings().modelSource(model) : argument, model);
    }

    /**
     * Takes the model that an argument of the command names.
     *
     * @param label name of the argument in the help
     * @throws ParameterException if an option names one, too
     */
    public void use(CommandSpec spec, String label, Path given) {
        if (isGiven(spec)) {
            throw new ParameterException(spec.commandLine(), label + ": expected no --model beside it, found "
                    + (ofHub == null ? model : ofHub) + " and " + given);
        }
        model = given;
        argument = label;
    }

    /** @throws ParameterException if -hf names no model of a hub, or is not the only option that names a model */
    public void check(CommandSpec spec) {
        if (ofHub == null || pulled != null) {
            return;
        }
        if (spec.commandLine().getParseResult().hasMatchedOption("--model")) {
            throw new ParameterException(spec.commandLine(),
                    "-hf: expected no --model beside it, found " + ofHub + " and " + model);
        }
        hub = ModelName.parse(ofHub).filter(ModelName::hasOwner).orElseThrow(() -> new ParameterException(
                spec.commandLine(), "-hf " + ofHub + ": expected " + ModelName.FORM + ShortNames.advice(ofHub)));
    }

    /** Returns true if an option of the command line names a model, and not only a default. */
    private boolean isGiven(CommandSpec spec) {
        return ofHub != null || spec.commandLine().getParseResult().hasMatchedOption("--model");
    }

    /**
     * Takes the first of {@code words} for the model if it names one and no option does: the bundled model, a folder or
     * file of weights, a pulled model, a short name, or on a terminal the name of any repository. The last two are
     * pulled first if the user agrees.
     *
     * @return the other words
     */
    List<String> takeModel(Main main, CommandSpec spec, List<String> words) {
        if (words.isEmpty() || isGiven(spec)) {
            return words;
        }
        String word = words.getFirst();
        Optional<ModelName> name = ModelName.parse(word);
        if (word.equals(BUNDLED_NAME) || isWeights(word)) {
            use(spec, "NAME", Path.of(word));
        } else if (name.isPresent() && isModel(main, word, name.get())) {
            ofHub = word;
            pulled = Download.ifMissing(main, name.get(), true);
        } else {
            return words;
        }
        return words.subList(1, words.size());
    }

    private static boolean isModel(Main main, String word, ModelName name) {
        return ShortNames.isName(word) || main.terminal && name.hasOwner() || Download.find(main, name).isPresent();
    }

    /** Returns true if {@code word} is the path of a model: an existing folder with one, or any file of weights. */
    private static boolean isWeights(String word) {
        try {
            Path path = Path.of(word);
            return Files.isDirectory(path)
                    ? Files.exists(path.resolve("config.json")) || !CheckpointFiles.ending(path, ".gguf").isEmpty()
                    : FILE.matcher(word).matches();
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Returns a pulled model's name as it was given, or else the name of the folder or file. */
    String name(Main main) {
        if (ofHub != null) {
            return ofHub;
        }
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
        return Download.find(main, name.get()).orElseThrow(() -> new CommandFailure(expected
                + ", or a pulled model, found neither: " + (name.get().hasOwner()
                        ? "t6j pull " + name.get() + " downloads that model"
                        : "t6j models lists the models on this machine, t6j pull ORG/NAME downloads one from a hub"
                                + ShortNames.advice(text))));
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
