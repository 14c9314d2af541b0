package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Plot of stories: titles, and for each part several forms. A part whose heading begins with ? may be left out. Lines
 * before the first part: {@code title}, {@code asks} (what a user asks for), {@code who child} if no animal can be the
 * hero, {@code relations} of the hero's friend, {@code not snow} if it needs
 * another weather.
 */
record Plot(String name, List<Form> titles, Form asks, boolean childOnly, boolean mayBeSnow, List<String> relations,
        List<Part> parts) {
    /** One step of a plot. */
    record Part(boolean mayBeMissing, List<Form> forms) {}

    private static final List<String> RELATIONS =
            List.of("friend", "friend", "friend", "cousin", "neighbour", "brother", "sister");
    private static final List<Plot> ALL = Lines.of("stories/plots.txt").stream().map(Plot::of).toList();
    private static final List<Plot> THINGS = Lines.of("stories/things.txt").stream().map(Plot::of).toList();
    private static final List<Plot> TEXTS = Lines.of("stories/texts.txt").stream().map(Plot::of).toList();
    private static final Map<String, List<Form>> SHARED = Lines.forms("stories/shared.txt");

    static List<Plot> all() {
        return ALL;
    }

    /** Returns the plots of stories about any thing. */
    static List<Plot> things() {
        return THINGS;
    }

    /** Returns the grammars of texts that are no stories, such as letters and portraits. */
    static List<Plot> texts() {
        return TEXTS;
    }

    /** Forms that all plots use, by the name of their section. */
    static List<Form> shared(String section) {
        List<Form> forms = SHARED.get(section);
        if (forms == null) {
            throw new IllegalArgumentException("no section " + section + " in stories/shared.txt");
        }
        return forms;
    }

    private static Plot of(String name) {
        List<String> lines = Lines.of("stories/" + name + ".txt");
        List<Part> parts = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("== ")) {
                parts.add(new Part(line.startsWith("== ?"), new ArrayList<>()));
            } else if (!parts.isEmpty()) {
                parts.getLast().forms().add(Form.of(line));
            }
        }
        List<String> head = lines.subList(0, lines.indexOf("== 1"));
        List<String> relations = after(head, "relations ");
        return new Plot(name, after(head, "title ").stream().map(Form::of).toList(),
                Form.of(after(head, "asks ").getFirst()), head.contains("who child"), !head.contains("not snow"),
                relations.isEmpty() ? RELATIONS : List.of(relations.getFirst().split(";")), parts);
    }

    private static List<String> after(List<String> lines, String beginning) {
        return lines.stream().filter(line -> line.startsWith(beginning)).map(line -> line.substring(beginning.length()))
                .toList();
    }
}
