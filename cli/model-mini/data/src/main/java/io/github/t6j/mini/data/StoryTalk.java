package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/** Requests for stories, and the stories. */
final class StoryTalk {
    private static final List<String> REQUESTS = Lines.of("talk/story-requests.txt");
    private static final List<String> TRAINED = REQUESTS.stream().filter(line -> !line.startsWith("H ")).toList();
    private static final List<String> HELD_OUT = REQUESTS.stream().filter(line -> line.startsWith("H ")).toList();
    private static final List<String> ASKED_THINGS = TRAINED.stream().filter(StoryTalk::isTested).toList();
    private static final List<String> FOLLOWS = Lines.of("talk/story-questions.txt");
    private static final Map<String, String> SUBJECTS = subjects();
    private static final Pattern OPENING = Pattern.compile("^(?:This|Here) is a story about [^.]*\\.\\s*");
    private static final double FOLLOWED = 0.3;
    private static final int SHORT = 100;
    private static final int[] MIDDLE = {75, 130};
    private static final int LONG = 140;
    private static final int LONGEST = 250;

    private StoryTalk() {}

    /** Returns what a request may ask for, in the order of search, and how a story says it. */
    private static Map<String, String> subjects() {
        Map<String, String> subjects = new LinkedHashMap<>();
        List.of("{a about}", "{about}", "{about plural}").forEach(slot -> subjects.put(slot, "{a about}"));
        subjects.put("{a fkind}", "{a kind} and {a fkind}");
        subjects.put("{friend}", "{hero} and {friend}");
        subjects.put("{a kind}", "{a kind} named {hero}");
        subjects.put("{hero}", "{hero}"); // not "a girl named": the model then told of a girl for any noun
        return subjects;
    }

    private static boolean isTested(String line) {
        return line.startsWith("M ") && (line.contains("{hero}") || line.contains("about}"));
    }

    static List<Turn> training(RandomGenerator random) {
        String line = Topic.pick(TRAINED, random);
        Wish wish = Wish.of(line, false, random);
        Story story = switch (line.charAt(0)) {
            case 'S' -> Story.ofLength(wish, 50, SHORT, random);
            case 'M' -> Story.ofLength(wish, MIDDLE[0], MIDDLE[1], random);
            default -> Story.ofLength(wish, LONG, LONGEST, random);
        };
        List<Turn> turns = new ArrayList<>();
        turns.add(Turn.user(Typing.typed(request(line, story.slots(), true, random), random)));
        turns.add(Turn.assistant(opening(line, story.slots(), random) + story.text()));
        if (random.nextDouble() < FOLLOWED) {
            turns.add(Turn.user(Typing.typed(follow("Q ", story.slots(), random), random)));
            turns.add(Turn.assistant(follow("A ", story.slots(), random)));
        }
        return turns;
    }

    /**
     * Returns a sentence that repeats what was asked for, so that a model can copy it from two places; empty if the
     * request names nothing.
     */
    private static String opening(String line, Map<String, String> slots, RandomGenerator random) {
        String asked = SUBJECTS.keySet().stream().filter(line::contains).findFirst().orElse("");
        return asked.isEmpty()
                ? ""
                : Form.of("[This|Here] is a story about " + SUBJECTS.get(asked) + ". ").fill(slots, random);
    }

    /** Returns a story without the sentence that says what it is about. */
    static String told(String story) {
        return OPENING.matcher(story).replaceFirst("");
    }

    private static String follow(String letter, Map<String, String> slots, RandomGenerator random) {
        return Form.of(Topic.pick(Frames.after(FOLLOWS, letter), random)).fill(slots, random);
    }

    /** Returns a line of requests in wordings that training never has, for known things and persons. */
    static String heldOutWording(RandomGenerator random) {
        return line("story wordings", Topic.pick(HELD_OUT, random), false, random);
    }

    /** Returns a line of known requests for a thing or a person that training never asks for. */
    static String heldOutThing(RandomGenerator random) {
        return line("story things", Topic.pick(ASKED_THINGS, random), true, random);
    }

    private static String line(String kind, String line, boolean heldOut, RandomGenerator random) {
        Wish wish = Wish.of(line, heldOut, random);
        Map<String, String> slots = Story.of(wish, random).slots();
        List<String> names = new ArrayList<>();
        if (line.contains("{hero}")) {
            names.add(wish.hero().name());
        }
        if (line.contains("{friend}")) {
            names.add(wish.friend().name());
        }
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("kind", kind);
        json.put("form", line);
        json.put("messages", Turn.json(List.of(), Turn.user(Typing.plain(request(line, slots, false, random)))));
        json.put("names", names);
        json.put("about", line.contains("about}") ? List.of(slots.get("about"), slots.get("about plural")) : List.of());
        return JsonText.of(json);
    }

    private static String request(String line, Map<String, String> slots, boolean kept, RandomGenerator random) {
        return Form.of(line.substring(2)).fill(slot -> kept && (slot.equals("hero") || slot.equals("friend"))
                ? Typing.kept(slots.get(slot))
                : slots.get(slot), random);
    }
}
