package io.github.t6j.cli;

import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Completion script for the fish shell, which picocli does not support. */
final class FishCompletion {
    private final StringBuilder out = new StringBuilder("# completion of t6j for fish; made by its build\n");

    private FishCompletion() {}

    static String of(CommandSpec program) {
        FishCompletion script = new FishCompletion();
        script.complete("", "-f", "");
        script.function("__t6j_pulled", GeneratedFiles.PULLED_NAMES);
        script.function("__t6j_models", "echo t6-mini; " + GeneratedFiles.PULLED_NAMES);
        script.commands(program, "__fish_use_subcommand");
        script.options(program, "__fish_use_subcommand");
        return script.out.toString();
    }

    private void function(String name, String script) {
        out.append("function ").append(name).append("\n    sh -c '").append(script).append("'\nend\n");
    }

    private void commands(CommandSpec parent, String where) {
        for (CommandLine command : parent.subcommands().values()) {
            CommandSpec spec = command.getCommandSpec();
            complete(where, "-a " + spec.name(), spec.usageMessage().description()[0]);
            String inside = "__fish_seen_subcommand_from " + spec.name();
            commands(spec, inside + "; and not __fish_seen_subcommand_from " + String.join(" ",
                    spec.subcommands().keySet()));
            options(spec, inside);
            if (spec.positionalParameters().stream().anyMatch(FishCompletion::isFile)) {
                complete(inside, "-F", "");
            }
        }
    }

    private void options(CommandSpec spec, String where) {
        for (OptionSpec option : spec.options()) {
            if (option.hidden()) {
                continue;
            }
            StringBuilder words = new StringBuilder();
            for (String name : option.names()) {
                words.append(name.startsWith("--") ? "-l " : "-s ").append(name.replaceFirst("^-+", "")).append(' ');
            }
            if (option.arity().max() > 0) {
                words.append(value(option));
            }
            complete(where, words.toString().strip(), option.description()[0]);
        }
    }

    private static String value(OptionSpec option) {
        if (option.longestName().equals("--remove")) {
            return "-x -a '(__t6j_pulled)'";
        }
        if (option.completionCandidates() != null) {
            return "-x -a " + quoted(String.join(" ", option.completionCandidates()));
        }
        return !isFile(option) ? "-x" : option.longestName().equals("--model") ? "-r -F -a '(__t6j_models)'" : "-r -F";
    }

    private static boolean isFile(ArgSpec argument) {
        return argument.typeInfo().isCollection()
                ? argument.auxiliaryTypes()[0] == Path.class
                : argument.type() == Path.class;
    }

    private void complete(String where, String what, String description) {
        out.append("complete -c t6j").append(where.isEmpty() ? "" : " -n " + quoted(where)).append(' ').append(what);
        // Only the first sentence fits next to an option.
        String first = description.replaceFirst("(?s)( \\(default: |[.;:] ).*", "").strip();
        out.append(first.isEmpty() ? "" : " -d " + quoted(first)).append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
