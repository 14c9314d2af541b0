package io.github.t6j.cli.config;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.generate.CacheArguments;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.io.Threads;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.cli.serve.AddressArguments;
import io.github.t6j.json.Json;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j config}: shows the defaults of options and their origins. */
@Command(
        name = "config",
        description = {"Shows the defaults of options, and where each comes from.",
            "The command line overrides the variable T6J_MODEL, which overrides the configuration file."},
        footer = {
            "",
            "The file is t6j/config in the folder XDG_CONFIG_HOME, by default in ~/.config, on Windows in APPDATA.",
            "Each line is key = value. The keys are model, threads, cache-type, host and port (of serve).",
            "",
            "Examples:",
            "  t6j config",
            "  t6j config --json",
            "  t6j config --threads 2"
        })
public final class ConfigCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFolder model;

    @Mixin
    private Threads threads;

    @Mixin
    private CacheArguments cache;

    @Mixin
    private AddressArguments address;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Override
    public Integer call() {
        threads.check(spec);
        model.check(spec);
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Key key : Key.values()) {
            rows.add(row(key, spec.findOption(key.option())));
        }
        if (json) {
            main.out.print(Text.printableLines(Json.write(rows)));
        } else {
            int width = rows.stream().mapToInt(row -> row.get("value").toString().length()).max().orElse(0);
            rows.forEach(
                    row -> main.out.println(Text.printable(String.format(Locale.ROOT, "%-10s  %-" + width + "s  %s",
                            row.get("key"), row.get("value"), row.get("source")), Integer.MAX_VALUE)));
            main.settings().file().ifPresent(file -> main.note(
                    "the configuration file is " + file + (Files.exists(file) ? "" : ", which does not exist")));
        }
        return Main.DONE;
    }

    private Map<String, Object> row(Key key, OptionSpec option) {
        boolean given = spec.commandLine().getParseResult().hasMatchedOption(option);
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("key", key.word());
        row.put("value", value(key, option));
        row.put("source",
                given ? "command line" : main.settings().of(key).map(Settings.Setting::source).orElse("default"));
        return row;
    }

    private String value(Key key, OptionSpec option) {
        return switch (key) {
            case MODEL ->
                option.getValue() == null ? "the small model that comes with t6j" : option.getValue().toString();
            case THREADS -> Integer.toString(threads.count());
            case CACHE_TYPE -> Choice.word(cache.sessionOptions().cacheType());
            case HOST, PORT -> option.getValue().toString();
        };
    }
}
