package io.github.t6j.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** Layout of --help: as wide as the terminal, with options in groups. It is built only when help is requested. */
final class UsageHelp {
    static final String OTHERS = "Options";

    /** Groups of options by their longest names, the same in every command; other options come first. */
    private static final Map<String, Set<String>> GROUPS = groups();

    private UsageHelp() {}

    private static Map<String, Set<String>> groups() {
        Map<String, Set<String>> groups = new LinkedHashMap<>();
        groups.put(OTHERS, Set.of());
        groups.put("Sampling", Set.of("--temperature", "--top-k", "--top-p", "--min-p", "--repetition-penalty",
                "--frequency-penalty", "--presence-penalty", "--logit-bias", "--seed"));
        groups.put("Model", Set.of("--model", "--variant", "--load", "--tokenizer", "--threads", "--cache-type"));
        groups.put("Output",
                Set.of("--json", "--stream", "--logprobs", "--stats", "--no-echo", "--details", "--format"));
        groups.put("Help and errors", Set.of("--help", "--version", "--verbose"));
        return groups;
    }

    static void register(CommandLine commandLine, Main main) {
        commandLine.setHelpFactory((spec, _) -> {
            spec.usageMessage().width(main.width()).abbreviateSynopsis(asksForNoOption(spec))
                    .parameterListHeading("%n@|bold Arguments:|@%n").commandListHeading("%n@|bold Commands:|@%n");
            return new Help(spec, Help.defaultColorScheme(main.style().colours() ? Ansi.ON : Ansi.OFF));
        });
        sections(commandLine);
    }

    /** Returns whether no option is required; the synopsis then omits the options, which the list below shows. */
    private static boolean asksForNoOption(CommandSpec spec) {
        return spec.argGroups().isEmpty() && spec.options().stream().noneMatch(OptionSpec::required);
    }

    private static void sections(CommandLine commandLine) {
        commandLine.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, UsageHelp::options);
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
        return out.toString();
    }
}
