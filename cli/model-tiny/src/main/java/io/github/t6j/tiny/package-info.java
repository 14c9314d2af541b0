/** A T6 of 3.3 million parameters, which comes in this module's jar. */
package io.github.t6j.tiny;
