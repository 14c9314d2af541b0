package io.github.t6j.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Generates a manual page for each command, in the format of man(7). */
final class ManPages {
    private final CommandSpec spec;
    private final StringBuilder out = new StringBuilder();

    private ManPages(CommandSpec spec) {
        this.spec = spec;
    }

    /** Returns the pages by name, such as t6j-generate. */
    static Map<String, String> of(CommandSpec program, String version) {
        Map<String, String> pages = new LinkedHashMap<>();
        add(program, version, pages);
        return pages;
    }

    private static void add(CommandSpec spec, String version, Map<String, String> pages) {
        if (!spec.helpCommand()) {
            pages.put(name(spec), new ManPages(spec).page(version));
            spec.subcommands().values().forEach(command -> add(command.getCommandSpec(), version, pages));
        }
    }

    private static String name(CommandSpec spec) {
        return spec.qualifiedName("-");
    }

    private String page(String version) {
        String description = String.join(" ", spec.usageMessage().description());
        out.append(".TH ").append(text(name(spec).toUpperCase(Locale.ROOT))).append(" 1 \"\" \"t6j ")
                .append(text(version)).append("\" \"t6j\"\n");
        section("NAME", text(name(spec) + " - " + description.split("[.:;] ", 2)[0].replaceFirst("\\.$", "")));
        section("SYNOPSIS", text(new Help(spec, Help.defaultColorScheme(Ansi.OFF)).synopsis(0).strip()));
        section("DESCRIPTION", text(description));
        if (!spec.positionalParameters().isEmpty()) {
            out.append(".SH ARGUMENTS\n");
            spec.positionalParameters().forEach(argument -> item(argument.paramLabel(), argument));
        }
        UsageHelp.grouped(spec).forEach((name, options) -> {
            out.append(".SH ").append(name.toUpperCase(Locale.ROOT)).append('\n');
            options.forEach(option -> item(label(option), option));
        });
        commands();
        footer();
        return out.toString();
    }

    private void section(String name, String text) {
        out.append(".SH ").append(name).append('\n').append(text).append('\n');
    }

    private static String label(OptionSpec option) {
        String names = String.join(", ", option.names());
        return option.arity().max() == 0 ? names : names + " " + option.paramLabel();
    }

    private void item(String label, ArgSpec argument) {
        String description = String.join(" ", argument.description())
                .replace("${DEFAULT-VALUE}", String.valueOf(argument.defaultValueString()));
        out.append(".TP\n.B ").append(text(label)).append('\n').append(text(description)).append('\n');
    }

    private void commands() {
        List<CommandSpec> commands = spec.subcommands().values().stream().map(CommandLine::getCommandSpec)
                .filter(command -> !command.helpCommand()).toList();
        if (!commands.isEmpty()) {
            out.append(".SH COMMANDS\n");
            commands.forEach(command -> out.append(".TP\n.BR ").append(text(name(command))).append(" (1)\n")
                    .append(text(command.usageMessage().description()[0])).append('\n'));
        }
    }

    /** Writes paragraphs, and indented lines unchanged. */
    private void footer() {
        out.append(".SH NOTES\n");
        boolean asIs = false;
        for (String line : spec.usageMessage().footer()) {
            boolean indented = line.startsWith("  ");
            if (indented != asIs) {
                out.append(indented ? ".nf\n" : ".fi\n");
                asIs = indented;
            }
            out.append(line.isEmpty() ? ".PP" : line.matches("Examples?:") ? ".SH EXAMPLES" : text(line)).append('\n');
        }
        out.append(asIs ? ".fi\n" : "");
        out.append(".SH SEE ALSO\n.BR t6j (1)\n");
    }

    /** Escapes the characters that man interprets, and keeps hyphens copyable. */
    private static String text(String plain) {
        return plain.lines()
                .map(line -> line.replace("\\", "\\e").replace("-", "\\-"))
                .map(line -> line.startsWith(".") || line.startsWith("'") ? "\\&" + line : line)
                .map(ManPages::ascii)
                .collect(Collectors.joining("\n"));
    }

    private static String ascii(String line) {
        return line.codePoints().mapToObj(c -> c < 128 ? Character.toString(c) : String.format("\\[u%04X]", c))
                .collect(Collectors.joining());
    }
}
