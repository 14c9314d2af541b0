package io.github.t6j.cli.config;

import io.github.t6j.cli.io.CommandFailure;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ExecutionException;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/** Defaults of options from the environment and, below it, from the user's configuration file. */
public final class Settings implements IDefaultValueProvider, IExecutionStrategy {
    private static final String MODEL = "T6J_MODEL";

    private final Path file; // or null
    private final Map<Key, Setting> settings;
    private final CommandFailure problem; // of the file, or null

    /**
     * A default.
     *
     * @param source the variable, or the file and its line
     */
    record Setting(String value, String source) {}

    private Settings(Path file, Map<Key, Setting> settings, CommandFailure problem) {
        this.file = file;
        this.settings = settings;
        this.problem = problem;
    }

    /** Returns the settings of a user. */
    public static Settings of(Map<String, String> environment) {
        Path file = file(environment);
        Map<Key, Setting> settings = new EnumMap<>(Key.class);
        CommandFailure problem = null;
        try {
            settings.putAll(file == null ? Map.of() : ConfigFile.read(file, environment.get("HOME")));
        } catch (CommandFailure wrong) {
            problem = wrong;
        }
        String model = environment.getOrDefault(MODEL, "").strip();
        if (!model.isEmpty()) {
            settings.put(Key.MODEL, new Setting(model, MODEL));
        }
        return new Settings(file, settings, problem);
    }

    /** Returns the configuration file, which may be missing; null if the environment names no folder for it. */
    private static Path file(Map<String, String> environment) {
        boolean isWindows = System.getProperty("os.name").startsWith("Windows");
        String folder = environment.getOrDefault(isWindows ? "APPDATA" : "XDG_CONFIG_HOME", "");
        String home = environment.getOrDefault("HOME", "");
        if (folder.isEmpty() && !isWindows && !home.isEmpty()) {
            folder = home + "/.config";
        }
        return folder.isEmpty() ? null : Path.of(folder, "t6j", "config");
    }

    /** Returns the configuration file, if the user has a place for one. */
    Optional<Path> file() {
        return Optional.ofNullable(file);
    }

    Optional<Setting> of(Key key) {
        return Optional.ofNullable(settings.get(key));
    }

    /** Returns the origin of a model for messages: {@code --model}, or the setting that names it. */
    public String modelSource(Path model) {
        return of(Key.MODEL).filter(setting -> Path.of(setting.value()).equals(model))
                .map(setting -> setting.source().equals(MODEL) ? MODEL : setting.source() + ": " + Key.MODEL.word())
                .orElse(Key.MODEL.option());
    }

    @Override
    public String defaultValue(ArgSpec argument) {
        return argument instanceof OptionSpec option
                ? key(option).flatMap(this::of).map(Setting::value).orElse(null)
                : null;
    }

    private static Optional<Key> key(OptionSpec option) {
        return Key.of(option.longestName().replaceFirst("^--", ""));
    }

    /** Runs the command, unless it has options with settings and the configuration file is wrong. */
    @Override
    public int execute(ParseResult parsed) {
        if (problem != null) {
            Integer help = CommandLine.executeHelpRequest(parsed);
            if (help != null) {
                return help;
            }
            CommandLine command = parsed.asCommandLineList().getLast();
            CommandSpec spec = command.getCommandSpec();
            if (spec.options().stream().anyMatch(option -> key(option).isPresent())) {
                throw new ExecutionException(command, problem.getMessage(), problem);
            }
        }
        return new RunLast().execute(parsed);
    }
}
