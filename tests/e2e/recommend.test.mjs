// Recommendations from the command line: what is measured is what plain loops here say; models are stored, asked and refused.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { folder, ok, run } from './lib.mjs'

const USERS = 150, ITEMS = 60, TASTES = 5
const near = (is, want, by) => assert.ok(Math.abs(is - want) <= by, `${is}, not ${want}`)

const MASK = (1n << 64n) - 1n
function splitmix(state) {
    let z = (state + 0x9e3779b97f4a7c15n) & MASK
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK
    return z ^ (z >> 31n)
}
const part = (user, item) => splitmix((BigInt(user) << 32n) | BigInt(item)) % 5n === 0n

/** Ratings of people with tastes; numbers from 1, as MovieLens has them. */
function ratings() {
    const all = []
    for (let u = 1; u <= USERS; u++)
        for (let i = 1; i <= ITEMS; i++) {
            const any = Number(splitmix(BigInt(u * 1000 + i)) % 100n)
            if (any < (i % TASTES === u % TASTES ? 70 : 12)) all.push([u, i, any % 3 ? 5 : 3])
        }
    return all
}
const liked = ratings().filter(([, , stars]) => stars >= 4)
const csv = pairs => 'when,item,user\n' + pairs.map(([u, i]) => `x,${i},${u}\n`).join('')

function files(t) {
    const dir = folder(t), train = path.join(dir, 'train.csv'), testing = path.join(dir, 'test.csv')
    const inTrain = liked.filter(([u, i]) => !part(u, i)), inTest = liked.filter(([u, i]) => part(u, i))
    writeFileSync(train, csv([...inTrain, inTrain[0], inTrain[7]])) // twice is once
    writeFileSync(testing, csv([...inTest, inTrain[0]])) // what they have is not held out
    return { dir, train, test: testing, inTrain, inTest }
}

/** Full ranking by score(user) -> [score of item 1, 2, …], ties by item. */
function measure({ inTrain, inTest }, score) {
    const sums = { recall_at_20: 0, recall_at_20_min: 0, recall_at_50: 0, ndcg_at_10: 0, ndcg_at_20: 0, ndcg_at_100: 0 }
    const gain = rank => 1 / Math.log2(rank + 1)
    let users = 0
    for (let u = 1; u <= USERS; u++) {
        const has = new Set(inTrain.filter(([who]) => who === u).map(([, i]) => i))
        const held = new Set(inTest.filter(([who]) => who === u).map(([, i]) => i))
        if (!held.size) continue
        users++
        const of = score(has)
        const order = of.map((s, k) => [s, k + 1]).filter(([, i]) => !has.has(i)).sort((a, b) => b[0] - a[0] || a[1] - b[1])
        const hits = k => order.slice(0, k).filter(([, i]) => held.has(i)).length
        const ndcg = k => {
            let found = 0, ideal = 0
            order.slice(0, k).forEach(([, i], r) => { found += held.has(i) ? gain(r + 1) : 0 })
            for (let r = 1; r <= Math.min(k, held.size); r++) ideal += gain(r)
            return found / ideal
        }
        sums.recall_at_20 += hits(20) / held.size
        sums.recall_at_20_min += hits(20) / Math.min(20, held.size)
        sums.recall_at_50 += hits(50) / held.size
        for (const k of [10, 20, 100]) sums[`ndcg_at_${k}`] += ndcg(k)
    }
    for (const name of Object.keys(sums)) sums[name] /= users
    return { users, ...sums }
}

const together = ({ inTrain }) => {
    const rows = new Map()
    for (const [u, i] of inTrain) rows.set(u, [...(rows.get(u) ?? []), i - 1])
    const of = Array.from({ length: ITEMS }, () => new Array(ITEMS).fill(0))
    for (const row of rows.values()) for (const a of row) for (const b of row) of[a][b]++
    return of
}

/** B = -P / diag(P), P by Gauss and Jordan. */
function ease(gram, lambda) {
    const a = gram.map((row, i) => [...row.map((x, j) => x + (i === j ? lambda : 0)), ...row.map((_, j) => Number(i === j))])
    for (let k = 0; k < ITEMS; k++) {
        const pivot = a[k][k]
        a[k] = a[k].map(x => x / pivot)
        for (let r = 0; r < ITEMS; r++) if (r !== k) { const by = a[r][k]; a[r] = a[r].map((x, c) => x - by * a[k][c]) }
    }
    const p = a.map(row => row.slice(ITEMS))
    return p.map((row, i) => row.map((x, j) => (i === j ? 0 : -x / p[j][j])))
}

function alike(is, want, by) {
    assert.equal(is.measured_users, want.users)
    for (const name of Object.keys(want)) if (name !== 'users') near(is[name], want[name], by)
}

const evaluate = async (f, ...more) => JSON.parse(await ok(['recommend', 'evaluate', '--train', f.train, '--test', f.test, ...more]))

test('what is printed is what plain loops say', async t => {
    const f = files(t), gram = together(f)
    const popular = await evaluate(f, '--model', 'popularity')
    assert.deepEqual([popular.users, popular.items, popular.train, popular.counted_once], [USERS, ITEMS, f.inTrain.length, 2])
    alike(popular, measure(f, () => gram.map((row, i) => row[i])), 1e-9)
    const weights = ease(gram, 30)
    alike(await evaluate(f, '--model', 'ease', '--lambda', '30'),
        measure(f, has => weights.map((_, j) => [...has].reduce((sum, i) => sum + weights[i - 1][j], 0))), 2e-3)
    const near20 = gram.map((row, j) => row.map((n, i) => [n / (Math.sqrt(gram[i][i] * gram[j][j]) + 10), i])
        .filter(([s, i]) => i !== j && s > 0).sort((a, b) => b[0] - a[0] || a[1] - b[1]).slice(0, 20))
    alike(await evaluate(f, '--model', 'knn', '--k', '20'),
        measure(f, has => near20.map(of => of.reduce((sum, [s, i]) => sum + (has.has(i + 1) ? s : 0), 0))), 5e-3)
})

test('models that learn tastes beat popularity; auto tells what it tried and takes the best', async t => {
    const f = files(t), bar = (await evaluate(f, '--model', 'popularity')).ndcg_at_20
    for (const model of ['knn', 'ease', 'ials'])
        assert.ok((await evaluate(f, '--model', model, ...(model === 'ials' ? ['--dimensions', '16', '--lambda', '.1'] : []))).ndcg_at_20 > 1.3 * bar)
    const auto = await evaluate(f)
    const measured = auto.tried.filter(one => one.model !== 'ials' || one.epochs === 16)
    assert.deepEqual(new Set(auto.tried.map(one => one.model)), new Set(['popularity', 'knn', 'ease', 'ials']))
    assert.equal(measured[0].model, auto.model)
    assert.equal(measured[0].ndcg_at_20, Math.max(...measured.map(one => one.ndcg_at_20)))
    assert.ok(auto.ndcg_at_20 > 1.3 * bar)
})

test('a stored model proposes with reasons, and is refused when it is damaged', async t => {
    const f = files(t), model = path.join(f.dir, 'm.bin')
    for (const [kind, words, ...more] of [['popularity', /^popular: \d+ customers bought it/], ['knn', /^because of /], ['ease', /^because of /],
        ['ease', /^because of /, '--keep', '20'], ['ials', /^customers like this one buy it: they bought /]]) {
        await ok(['recommend', 'train', '--train', f.train, '--model', kind, '--out', model, ...more])
        const of = async (...asked) => JSON.parse(await ok(['recommend', 'explain', '--model', model, ...asked]))
        const own = f.inTrain.filter(([u]) => u === 3).map(([, i]) => String(i))
        const byUser = await of('--user', '3', '--limit', '5'), byItems = await of('--items', own.join(','), '--limit', '5')
        assert.deepEqual(byUser, byItems)
        assert.equal(byUser.proposals.length, 5)
        for (const one of byUser.proposals) {
            assert.ok(!own.includes(one.item))
            assert.match(one.reason, words)
            for (const why of one.because) assert.ok(own.includes(why.item) && why.share > 0 && why.share <= 1)
        }
        const bytes = readFileSync(model)
        for (const [what, why] of [[bytes.subarray(0, bytes.length - 9), /damaged/], [Buffer.concat([bytes, Buffer.from('x')]), /damaged/],
            [Buffer.from('user,item\n'), /is no model/]]) {
            writeFileSync(model, what)
            const end = await run(['recommend', 'explain', '--model', model, '--user', '3'])
            assert.equal(end.code, 1)
            assert.match(end.stderr, why)
        }
        for (let at = 8; at < bytes.length; at += Math.ceil(bytes.length / 20)) {
            const off = Buffer.from(bytes)
            off[at] ^= 4
            writeFileSync(model, off)
            assert.equal((await run(['recommend', 'explain', '--model', model, '--user', '3'])).code, 1, `byte ${at}`)
        }
        writeFileSync(model, bytes)
        assert.match((await run(['recommend', 'explain', '--model', model, '--user', 'nobody'])).stderr, /does not know 'nobody'/)
        assert.match((await run(['recommend', 'explain', '--model', model, '--items', '1,none'])).stderr, /does not know 'none'/)
    }
})

test('ratings are parted by the hash, whichever of MovieLens\'s three forms they have', async t => {
    const dir = folder(t), from = path.join(dir, 'ratings'), train = path.join(dir, 'a.csv'), testing = path.join(dir, 'b.csv')
    const want = side => 'user,item\n' + liked.filter(([u, i]) => part(u, i) === side).map(([u, i]) => `${u},${i}\n`).join('')
    for (const [first, by] of [['', '\t'], ['', '::'], ['userId,movieId,rating,timestamp\n', ',']]) {
        writeFileSync(from, first + ratings().map(([u, i, stars]) => [u, i, stars, 9].join(by) + '\n').join(''))
        const said = JSON.parse(await ok(['recommend', 'split', '--ratings', from, '--train', train, '--test', testing]))
        assert.equal(said.train + said.test, liked.length)
        assert.equal(readFileSync(train, 'utf8'), want(false))
        assert.equal(readFileSync(testing, 'utf8'), want(true))
    }
    writeFileSync(from, '1\t2\tmany\t9\n')
    assert.match((await run(['recommend', 'split', '--ratings', from, '--train', train, '--test', testing])).stderr, /line 1: the rating is no number/)
})

test('names of any kind; whoever is new gets what is popular; what is wrong with a file has its line', async t => {
    const dir = folder(t), train = path.join(dir, 'a.csv'), testing = path.join(dir, 'b.csv')
    const write = (a, b) => { writeFileSync(train, a); writeFileSync(testing, b) }
    write('user,item\nann,tea\nbob,tea\nbob,"milk, cold"\n99999999999999999999999,tea\n', 'user,item\neve,tea\nann,new\n')
    const m = JSON.parse(await ok(['recommend', 'evaluate', '--train', train, '--test', testing, '--model', 'ease']))
    assert.deepEqual([m.users, m.items, m.measured_users], [4, 3, 2])
    near(m.ndcg_at_10, (1 + 1 / Math.log2(3)) / 2, 1e-9) // eve: tea first; ann: milk, then what nobody has
    write('user,item\n10,1\n9,1\n', 'user,item\n9,3\n9,20\n9,100\n') // by value: 3, 20, 100
    near(JSON.parse(await ok(['recommend', 'evaluate', '--train', train, '--test', testing, '--model', 'popularity'])).ndcg_at_10, 1, 1e-9)
    const refused = async (a, b, why, ...more) => {
        write(a, b)
        const end = await run(['recommend', 'evaluate', '--train', train, '--test', testing, '--model', 'knn', ...more])
        assert.equal(end.code, 1)
        assert.match(end.stderr, why)
    }
    const good = 'user,item\n1,2\n1,3\n'
    await refused('', good, /a\.csv is empty; its first line names the columns user and item/)
    await refused('user,item\n', good, /a\.csv has no purchases/)
    await refused(good, 'user,thing\n1,2\n', /b\.csv, line 1: .* no 'item'/)
    await refused('user,item\n1,2\n1\n', good, /a\.csv, line 3, column 'item': is empty/)
    await refused(`user,item\n1,${'x'.repeat(321)}\n`, good, /line 2, column 'item': is longer than 320 bytes/)
    await refused(good, good, /nothing is held out/)
    await refused(good, good, /--k is a whole number from 1/, '--k', '0')
    await refused(good, good, /--shrink is a number/, '--shrink', 'nan')
    assert.match((await run(['recommend', 'evaluate', '--train', train])).stderr, /needs --train FILE and --test FILE/)
    assert.match((await run(['recommend', 'evaluate', '--train', train, '--test', train, '--model', 'magic'])).stderr, /--model is popularity/)
    assert.match((await run(['recommend', 'guess'])).stderr, /followed by evaluate, train, explain or split/)
})
