package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Questions of other topics that ask for an answer in one word. */
final class OneWord {
    private static final List<Form> FORMS = Lines.of("talk/one-word.txt").stream().map(Form::of).toList();

    private OneWord() {}

    static Exchange training(Topics topics, RandomGenerator random) {
        return any(topics, false, random);
    }

    static Exchange heldOut(Topics topics, RandomGenerator random) {
        return any(topics, true, random);
    }

    private static Exchange any(Topics topics, boolean heldOut, RandomGenerator random) {
        while (true) {
            Form form = Topic.pick(FORMS, random);
            Exchange asked = topics.withShorts(random).shortTraining(random);
            if (Split.isHeldOut(form.source(), asked.topic() + " " + asked.thing()) == heldOut) {
                return exchange(form, asked, random);
            }
        }
    }

    /** Returns the answer in both cases, and other answers that its topic accepts. */
    private static List<String> right(Exchange asked) {
        List<String> right = new ArrayList<>(List.of(asked.answer(), asked.answer().toLowerCase()));
        if (asked.check().mode() == Check.Mode.WORDS) { // else they are whole sentences, or members of a class
            asked.check().accept().forEach(word -> right.addAll(List.of(word, English.capital(word))));
        }
        return right;
    }

    private static Exchange exchange(Form form, Exchange asked, RandomGenerator random) {
        String question = form.fill(Map.of("question", asked.question()), random);
        return new Exchange("instructions", "one-word", form.source(), asked.topic() + " " + asked.thing(), question,
                asked.answer(), Check.exact(right(asked)));
    }
}
