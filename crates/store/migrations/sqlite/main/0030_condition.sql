-- Special conditions: what is different for one webmaster and goal, of one of his areas or of all. Like a goal's terms,
-- what it says stands in versions that are never changed, so that every lead can be rated again as it was.
CREATE TABLE condition (
    id INTEGER PRIMARY KEY,
    webmaster_id BIGINT NOT NULL REFERENCES person (id),
    offer_id BIGINT NOT NULL REFERENCES offer (id),
    goal_id BIGINT NOT NULL REFERENCES goal (id),
    area_id BIGINT REFERENCES area (id),
    description TEXT NOT NULL,
    date_created BIGINT NOT NULL,
    date_updated BIGINT NOT NULL
);
CREATE INDEX condition_pair ON condition (webmaster_id, goal_id);
CREATE INDEX condition_goal ON condition (goal_id);

-- NULL is the goal's own. The newest whose date_from has come counts, until its date_end.
CREATE TABLE condition_version (
    id INTEGER PRIMARY KEY,
    condition_id BIGINT NOT NULL REFERENCES condition (id),
    date_from BIGINT NOT NULL,
    date_recorded BIGINT NOT NULL,
    date_end BIGINT,
    payment BIGINT,
    charge BIGINT,
    hold_period BIGINT
);
CREATE INDEX condition_version_condition ON condition_version (condition_id, date_from);
ALTER TABLE lead ADD COLUMN condition_version_id BIGINT REFERENCES condition_version (id);
CREATE TRIGGER condition_version_no_update BEFORE UPDATE ON condition_version BEGIN SELECT RAISE(ABORT, 'terms are immutable'); END;
CREATE TRIGGER condition_version_no_delete BEFORE DELETE ON condition_version BEGIN SELECT RAISE(ABORT, 'terms are immutable'); END;
