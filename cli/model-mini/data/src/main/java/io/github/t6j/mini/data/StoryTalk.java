package io.github.t6j.mini.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Requests for stories, and the stories. */
final class StoryTalk {
    private static final List<String> REQUESTS = Lines.of("talk/story-requests.txt");
    private static final double OPENED = 0.4;
    private static final int SHORT = 100;
    private static final int[] MIDDLE = {75, 130};
    private static final int LONG = 140;
    private static final int LONGEST = 250;

    private StoryTalk() {}

    static List<Turn> training(RandomGenerator random) {
        while (true) {
            String line = Topic.pick(REQUESTS, random);
            Person hero = Person.any(random);
            if (!Split.isHeldOut(line, hero.name())) {
                Story story = switch (line.charAt(0)) {
                    case 'S' -> Story.ofLength(hero, 50, SHORT, random);
                    case 'M' -> Story.ofLength(hero, MIDDLE[0], MIDDLE[1], random);
                    default -> Story.ofLength(hero, LONG, LONGEST, random);
                };
                return List.of(Turn.user(request(line, story.slots(), random)), Turn.assistant(story.text()));
            }
        }
    }

    /** Returns a line of the held-out requests of a story of about 100 words: a known form, a known hero. */
    static String heldOut(RandomGenerator random) {
        while (true) {
            String line = Topic.pick(REQUESTS, random);
            Person hero = Person.any(random);
            if (line.startsWith("M ") && line.contains("{hero}") && Split.isHeldOut(line, hero.name())) {
                Story story = Story.of(hero, random);
                Map<String, Object> json = new LinkedHashMap<>();
                json.put("kind", "stories");
                json.put("form", line);
                json.put("thing", hero.name());
                json.put("messages", Turn.json(List.of(), Turn.user(request(line, story.slots(), random))));
                json.put("names", List.of(hero.name()));
                return JsonText.of(json);
            }
        }
    }

    private static String request(String line, Map<String, String> slots, RandomGenerator random) {
        String request = Form.of(line.substring(2)).fill(slots, random);
        return random.nextDouble() < OPENED ? Conversations.opened(request, random) : request;
    }
}
