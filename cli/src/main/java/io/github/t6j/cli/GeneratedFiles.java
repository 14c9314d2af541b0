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
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Shell completions and man pages, which the build generates from the commands, in folders of the usual names. */
final class GeneratedFiles {
    /** Line of a shell script that prints the names of the pulled models. */
    static final String PULLED_NAMES =
            "find \"${HF_HUB_CACHE:-${HF_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/huggingface}/hub}\" -maxdepth 1 -type d"
                    + " -name \"models--*\" 2>/dev/null | sed -e \"s|.*/models--||\" -e \"s|--|/|\"";

    /** Value that completion of an option for a pulled model offers: bash runs it. */
    static final String PULLED = "$(_t6j_pulled)";

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
        files.put("bash-completion/completions/t6j", withModels(AutoComplete.bash("t6j", commands)));
        files.put("fish/vendor_completions.d/t6j.fish", FishCompletion.of(commands.getCommandSpec()));
        return files;
    }

    /** Makes bash offer names of models as well as files for --model. */
    private static String withModels(String script) {
        String files = "compgen -f -- \"${curr_word}\"";
        Pattern option = Pattern.compile("('--model'\\)\\n(?:.*\\n){2}.*)" + Pattern.quote(files));
        return option.matcher(script.replace("\"" + PULLED + "\"", PULLED)) // several words
                .replaceAll("$1" + Matcher.quoteReplacement(
                        files + "; compgen -W \"$(_t6j_models)\" -- \"${curr_word}\""))
                + "\n# Prints the names of the pulled models.\nfunction _t6j_pulled() {\n  " + PULLED_NAMES + "\n}\n"
                + "\n# Prints the names of the models on this machine.\n"
                + "function _t6j_models() {\n  echo t6-mini\n  _t6j_pulled\n}\n";
    }

    private static CommandLine commands() {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        return new Main(InputStream.nullInputStream(), nowhere, nowhere, false, false, Map.of()).commandLine();
    }

    /**
     * Makes completion offer the words that options take instead of Java's names for them. The script identifies a
     * command's options by their labels, so each option gets a unique label.
     */
    private static void accept(CommandSpec spec) {
        for (OptionSpec option : spec.options().toArray(OptionSpec[]::new)) {
            if (option.type().isEnum() && option.group() == null) {
                spec.remove(option);
                spec.addOption(OptionSpec.builder(option).completionCandidates(Choice.words(option.type()))
                        .paramLabel(option.longestName().substring(2)).build());
            } else if (option.longestName().equals("--remove")) {
                spec.remove(option);
                spec.addOption(OptionSpec.builder(option).completionCandidates(List.of(PULLED)).build());
            }
        }
        spec.subcommands().values().forEach(command -> accept(command.getCommandSpec()));
    }
}
