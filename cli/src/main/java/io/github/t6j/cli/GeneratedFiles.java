package io.github.t6j.cli;

import io.github.t6j.cli.evaluate.Choice;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Shell completions and man pages, which the build generates from the commands, in folders of the usual names. */
final class GeneratedFiles {
    private GeneratedFiles() {}

    /** @param args the folder and the version */
    public static void main(String[] args) throws IOException {
        for (Map.Entry<String, String> file : of(args[1]).entrySet()) {
            Path path = Path.of(args[0]).resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.writeString(path, file.getValue());
        }
    }

    /** Returns the contents of the files by their paths in the folder. */
    static Map<String, String> of(String version) {
        Map<String, String> files = new LinkedHashMap<>();
        ManPages.of(commands().getCommandSpec(), version)
                .forEach((name, page) -> files.put("man/man1/" + name + ".1", page));
        CommandLine commands = commands();
        accept(commands.getCommandSpec());
        // zsh reads this file, too, through its bashcompinit.
        files.put("bash-completion/completions/t6j", AutoComplete.bash("t6j", commands));
        files.put("fish/vendor_completions.d/t6j.fish", FishCompletion.of(commands.getCommandSpec()));
        return files;
    }

    private static CommandLine commands() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        return new Main(InputStream.nullInputStream(), nowhere, nowhere, false, false, Map.of()).commandLine();
    }

    /**
     * Makes completion offer the words that options take instead of Java's names for them. The script tells the options
     * of a command apart by their labels, so each option gets a unique label.
     */
    private static void accept(CommandSpec spec) {
        for (OptionSpec option : spec.options().toArray(OptionSpec[]::new)) {
            if (option.type().isEnum() && option.group() == null) {
                spec.remove(option);
                spec.addOption(OptionSpec.builder(option).completionCandidates(Choice.words(option.type()))
                        .paramLabel(option.longestName().substring(2)).build());
            }
        }
        spec.subcommands().values().forEach(command -> accept(command.getCommandSpec()));
    }
}
