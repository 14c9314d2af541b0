package io.github.t6j.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Text;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.Column.Overflow;
import picocli.CommandLine.Help.IOptionRenderer;
import picocli.CommandLine.Help.IParameterRenderer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Layout of --help: as wide as the terminal, with options in groups. It is built only when help is requested. */
final class UsageHelp {
    /** Zero-width no-break space: java.text.BreakIterator does not break a line next to it. */
    private static final String GLUE = "\uFEFF";

    static final String OTHERS = "Options";

    /** Groups of options by their longest names, the same in every command; other options come first. */
    private static final Map<String, Set<String>> GROUPS = groups();

    /** Groups of commands in the help of t6j, which has a line for each: it fits a terminal of 24 lines. */
    private static final Map<String, List<String>> COMMANDS = commandGroups();

    private UsageHelp() {}

    private static Map<String, List<String>> commandGroups() {
        Map<String, List<String>> groups = new LinkedHashMap<>();
        groups.put("Use a model", List.of("generate", "chat", "embed", "rerank", "serve", "config"));
        groups.put("Make and measure models",
                List.of("pull", "models", "inspect", "convert", "init", "train", "tokenizer",
                        "bench", "perplexity", "score", "tokenize", "logits", "gradients"));
        return groups;
    }

    private static Map<String, Set<String>> groups() {
        Map<String, Set<String>> groups = new LinkedHashMap<>();
        groups.put(OTHERS, Set.of());
        groups.put("Sampling", Set.of("--temperature", "--top-k", "--top-p", "--min-p", "--repetition-penalty",
                "--frequency-penalty", "--presence-penalty", "--logit-bias", "--seed"));
        groups.put("Model", Set.of("--model", "--variant", "--load", "--weight-type", "--adapter", "--tokenizer",
                "--threads", "--cache-type"));
        groups.put("Output",
                Set.of("--json", "--stream", "--logprobs", "--stats", "--no-echo", "--details", "--format"));
        groups.put("Help and errors", Set.of("--help", "--version", "--verbose"));
        return groups;
    }

    static void register(CommandLine commandLine, Main main) {
        commandLine.setHelpFactory((spec, _) -> {
            spec.usageMessage().width(main.width()).abbreviateSynopsis(asksForNoOption(spec))
                    .parameterListHeading("%n@|bold Arguments:|@%n").commandListHeading("%n@|bold Commands:|@%n");
            UsageMessageSpec usage = spec.usageMessage();
            usage.description(unbroken(usage.description())).footer(unbroken(usage.footer()));
            return new Help(spec, Help.defaultColorScheme(main.style().colors() ? Ansi.ON : Ansi.OFF)) {
                @Override
                public IOptionRenderer createDefaultOptionRenderer() {
                    IOptionRenderer usual = super.createDefaultOptionRenderer();
                    return (option, labels, colors) -> unbroken(usual.render(option, labels, colors), colors);
                }

                @Override
                public IParameterRenderer createDefaultParameterRenderer() {
                    IParameterRenderer usual = super.createDefaultParameterRenderer();
                    return (argument, labels, colors) -> unbroken(usual.render(argument, labels, colors), colors);
                }
            };
        });
        sections(commandLine);
        commandLine.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, _ -> "");
        commandLine.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST_HEADING, _ -> "");
        commandLine.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, UsageHelp::commands);
    }

    /** Returns the commands by group, with the first line of their descriptions. */
    private static String commands(Help help) {
        StringBuilder out = new StringBuilder();
        COMMANDS.forEach((group, names) -> {
            out.append(help.createHeading("@|bold " + group + ":|@%n"));
            Help.TextTable table = Help.TextTable.forColumns(help.colorScheme(), new Help.Column(14, 2, Overflow.SPAN),
                    new Help.Column(help.commandSpec().usageMessage().width() - 14, 0, Overflow.WRAP));
            for (String name : names) {
                help.subcommands().forEach((all, command) -> { // all: the name and its aliases
                    if (command.commandSpec().name().equals(name)) {
                        table.addRowValues(help.colorScheme().commandText(all),
                                help.colorScheme().text(command.commandSpec().usageMessage().description()[0]));
                    }
                });
            }
            out.append(table);
        });
        return out.toString().replace(GLUE, "");
    }

    /** Returns true if no option is required; the synopsis then omits the options, which the list below shows. */
    private static boolean asksForNoOption(CommandSpec spec) {
        return spec.argGroups().isEmpty() && spec.options().stream().noneMatch(OptionSpec::required);
    }

    private static void sections(CommandLine commandLine) {
        Map<String, CommandLine.IHelpSectionRenderer> sections = commandLine.getHelpSectionMap();
        sections.put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, UsageHelp::options);
        sections.put(UsageMessageSpec.SECTION_KEY_PARAMETER_LIST, help -> help.parameterList().replace(GLUE, ""));
        sections.put(UsageMessageSpec.SECTION_KEY_DESCRIPTION, help -> help.description().replace(GLUE, ""));
        sections.put(UsageMessageSpec.SECTION_KEY_FOOTER, help -> help.footer().replace(GLUE, ""));
        commandLine.getSubcommands().values().forEach(UsageHelp::sections);
    }

    /** Returns the options of a command that help shows, by group. */
    static Map<String, List<OptionSpec>> grouped(CommandSpec spec) {
        Map<String, List<OptionSpec>> grouped = new LinkedHashMap<>();
        GROUPS.keySet().forEach(name -> grouped.put(name, new ArrayList<>()));
        for (OptionSpec option : new LinkedHashSet<>(spec.options())) {
            if (!option.hidden()) {
                grouped.get(group(spec, option)).add(option);
            }
        }
        grouped.values().removeIf(List::isEmpty);
        return grouped;
    }

    private static String group(CommandSpec spec, OptionSpec option) {
        boolean samples = spec.findOption("--temperature") != null; // without it, --seed is not about sampling
        return GROUPS.entrySet().stream()
                .filter(group -> group.getValue().contains(option.longestName())
                        && (samples || !group.getKey().equals("Sampling")))
                .map(Map.Entry::getKey).findFirst().orElse(OTHERS);
    }

    private static String options(Help help) {
        StringBuilder out = new StringBuilder();
        grouped(help.commandSpec()).forEach((name, options) -> {
            Help.Layout layout = help.createDefaultLayout(options, List.of(), help.colorScheme());
            layout.addOptions(options, help.parameterLabelRenderer());
            out.append(help.createHeading("%n@|bold " + name + ":|@%n")).append(layout);
        });
        return out.toString().replace(GLUE, "");
    }

    /**
     * Returns lines of text whose words picocli does not break: it breaks after a full stop, as in t6j.json. Examples,
     * which are indented, stay unchanged.
     */
    private static String[] unbroken(String[] lines) {
        return Arrays.stream(lines)
                .map(line -> line.startsWith("  ") ? line : line.replaceAll("(?<=[.-])(?=\\w)", GLUE))
                .toArray(String[]::new);
    }

    private static Text[][] unbroken(Text[][] rows, ColorScheme colors) {
        return Arrays.stream(rows).map(row -> {
            Text[] glued = row.clone();
            int last = row.length - 1; // the description
            glued[last] = colors.text(unbroken(new String[] {row[last].toString()})[0]);
            return glued;
        }).toArray(Text[][]::new);
    }
}
