/** Speculation: drafts of the next ids, from the text itself, a grammar or a second model, and their number. */
package io.github.t6j.speculation;
